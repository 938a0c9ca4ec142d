"""Implied total variance: a term structure at the money, and a smile across strikes.

At the money, variance reverts to its mean (the Heston form), earnings add a lump to every expiry behind
them, and now and then a dislocation lifts the expiries 20 to 45 days out. Across strikes the smile is an
SSVI surface with the power law phi = eta / sqrt(w (1 + w)) (Gatheral & Jacquier 2014), free of
butterfly arbitrage for eta (1 + |rho|) <= 2, and of calendar arbitrage wherever variance at the money
grows with time. That it does but for the far edge of the larger dislocations, where it may fall a little.
"""

from __future__ import annotations

from math import floor

import numpy as np

from forward_factor.core.arrays import FloatArray
from forward_factor.providers.simulated.noise import stable_key, uniform
from forward_factor.providers.simulated.universe import Profile

_REVERSION_PER_YEAR = 4.0

# Where on the curve a dislocation sits: none, full, full and none again at these days to expiry.
_DISLOCATED_DTE = (8.0, 18.0, 38.0, 58.0)
_DISLOCATED_SHARE = (0.0, 1.0, 1.0, 0.0)

_BRIEF_CYCLE_DAYS, _LONG_CYCLE_DAYS = 2.6, 13.0
_STOCK_EPISODES, _FUND_EPISODES = 0.30, 0.15
_WEAKEST, _STRONGEST = 0.14, 0.24
_RAMP = 0.15


def atm_total_variance(
    profile: Profile, dte: FloatArray, level: float, dislocation: float, announced: FloatArray
) -> FloatArray:
    """Return total variance (iv^2 T) at the money, per expiry.

    Args:
        profile: gives the long-run vol.
        dte: days to expiry.
        level: today's variance over its long-run mean.
        dislocation: relative excess of vol where it is full (0.2 = a fifth).
        announced: total variance of the announcements before each expiry.

    """
    years = dte / 365.0
    excess = (level - 1.0) * -np.expm1(-_REVERSION_PER_YEAR * years) / _REVERSION_PER_YEAR
    lift = 1.0 + dislocation * np.interp(dte, _DISLOCATED_DTE, _DISLOCATED_SHARE)
    return np.asarray(profile.iv**2 * (years + excess) * lift**2 + announced)


def smile_total_variance(profile: Profile, atm: FloatArray, log_moneyness: FloatArray) -> FloatArray:
    """Return total variance at k = ln(K/F), given that at the money of the same expiry (SSVI)."""
    scaled = log_moneyness * (profile.smile / np.sqrt(atm * (1.0 + atm)))
    skew = profile.skew
    return np.asarray(0.5 * atm * (1.0 + skew * scaled + np.sqrt((scaled + skew) ** 2 + (1.0 - skew**2))))


def dislocation_at(profile: Profile, time: float) -> float:
    """Return the relative excess vol of the episode a ticker is in at a trading time, 0 between episodes.

    Cycles are as long for all tickers of a kind and start at phases that are evenly spread, so that the
    number of dislocated tickers hardly changes from one instant to the next; their sizes are chance.
    """
    cycle_days = _BRIEF_CYCLE_DAYS if profile.has_brief_episodes else _LONG_CYCLE_DAYS
    share = _FUND_EPISODES if profile.is_fund else _STOCK_EPISODES
    cycles = time / cycle_days + profile.episode_phase
    place = (cycles - floor(cycles)) / share
    if place >= 1.0:
        return 0.0
    size = _WEAKEST + (_STRONGEST - _WEAKEST) * uniform(stable_key(profile.key, "episodes"), floor(cycles))
    return size * min(place / _RAMP, (1.0 - place) / _RAMP, 1.0)
