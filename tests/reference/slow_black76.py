"""Slow, independent Black-76: prices, deltas and implied vols, one option at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.optimize import brentq  # type: ignore[import-untyped, unused-ignore]

LOWEST_SIGMA = 1e-6
HIGHEST_SIGMA = 50.0


@dataclass(frozen=True)
class Market:
    """What pricing needs to know about one expiry."""

    forward: float
    years: float
    rate: float

    @property
    def discount(self) -> float:
        """Give e^{-rT}."""
        return math.exp(-self.rate * self.years)


# ---------------------------------------------------------------- Black-76


def normal_cdf(x: float) -> float:
    """Give N(x), accurate in relative terms in the lower tail."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def d_one(forward: float, strike: float, sigma: float, years: float) -> float:
    """Give d1 of Black-76."""
    spread = sigma * math.sqrt(years)
    return math.log(forward / strike) / spread + 0.5 * spread


def black_price(market: Market, strike: float, right: str, sigma: float) -> float:
    """Price a European option on the forward, discounted."""
    forward = market.forward
    d1 = d_one(forward, strike, sigma, market.years)
    d2 = d1 - sigma * math.sqrt(market.years)
    if right == "C":
        undiscounted = forward * normal_cdf(d1) - strike * normal_cdf(d2)
    else:
        undiscounted = strike * normal_cdf(-d2) - forward * normal_cdf(-d1)
    return market.discount * undiscounted


def black_delta(market: Market, strike: float, right: str, sigma: float) -> float:
    """Give the undiscounted forward delta: N(d1), or N(d1) - 1 of a put."""
    d1 = d_one(market.forward, strike, sigma, market.years)
    return normal_cdf(d1) if right == "C" else -normal_cdf(-d1)


def implied_vol(market: Market, strike: float, right: str, price: float) -> float | None:
    """Solve Black-76 for sigma; None outside the no-arbitrage bounds."""
    sign = 1.0 if right == "C" else -1.0
    lower = market.discount * max(sign * (market.forward - strike), 0.0)
    upper = market.discount * (market.forward if right == "C" else strike)
    if not lower < price < upper:
        return None

    def miss(sigma: float) -> float:
        return black_price(market, strike, right, sigma) - price

    return solve(miss)


def solve(miss: Callable[[float], float]) -> float | None:
    """Find the root of an increasing function of sigma, or None."""
    if miss(LOWEST_SIGMA) >= 0.0 or miss(HIGHEST_SIGMA) <= 0.0:
        return None
    return float(
        brentq(
            miss,
            LOWEST_SIGMA,
            HIGHEST_SIGMA,
            xtol=1e-15,
            rtol=4.0 * 2.0**-52,
            maxiter=1000,
        )
    )


# ---------------------------------------------------------------- quotes
