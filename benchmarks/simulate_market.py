"""How many contracts a second the simulated market makes, on one core.

A ticker's first chain of a day draws up its board of contracts as well; later chains of the day do not. The
baseline is the bare library: one price and one delta for each of the same contracts, all in one call. Rates are a
second of processor time.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import numpy as np
from pyvolr import black76

from benchmarks.figures import Figure, Work, processor_seconds, take_turns
from benchmarks.markets import MORNING
from forward_factor.core.chain import Contracts
from forward_factor.providers.simulated import SimulatedMarket

FIRST, LATER = "first chain of a day", "later chains"
PRICER = "bare pyvolr price and delta"


def measure(size: int = 40, light_size: int = 1_000) -> list[Figure]:
    """Return contracts a second for a full and a light market."""
    return _measure_market(size, "full") + _measure_market(light_size, "light")


def _measure_market(size: int, depth: str) -> list[Figure]:
    market = SimulatedMarket(size=size, depth=depth)
    contracts = Contracts.concatenate([market.chain(ticker, MORNING).contracts for ticker in market.tickers])
    weeks, minutes = count(1), count(1)
    works: dict[str, Work] = {
        FIRST: lambda: _scan(market, timedelta(days=7 * next(weeks))),
        LATER: lambda: _scan_again(market, timedelta(minutes=next(minutes))),
        PRICER: _pricing(contracts),
    }
    timings = take_turns(works)
    amount = len(contracts)
    return [
        Figure(
            f"{depth} market, {size:,} tickers, {amount // size} contracts each: {work}",
            timings.rate(work, amount),
            "contracts/s",
            timings.baseline(PRICER, work, amount),
        )
        for work in (FIRST, LATER)
    ]


def _scan_again(market: SimulatedMarket, since_morning: timedelta) -> float:
    _scan(market, timedelta())
    return _scan(market, since_morning)


def _scan(market: SimulatedMarket, since_morning: timedelta) -> float:
    instant = MORNING + since_morning
    return processor_seconds(lambda: [market.chain(ticker, instant) for ticker in market.tickers])


def _pricing(contracts: Contracts) -> Work:
    sign = np.where(contracts.is_call, 1, -1).astype(np.int8)
    years = (contracts.expiry - np.datetime64(MORNING.date())).astype(np.float64) / 365.0
    strike, rate, vol = contracts.strike, np.full(len(contracts), 0.04), np.full(len(contracts), 0.3)

    def price() -> None:
        black76.price(sign, strike, strike, years, rate, vol)
        black76.delta(sign, strike, strike, years, rate, vol)

    return lambda: processor_seconds(price)
