"""A ticker's underlying: its price path and the level of its vol."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import exp, sqrt

import numpy as np

from forward_factor.core.arrays import FloatArray
from forward_factor.providers.simulated.moments import previous_close_time
from forward_factor.providers.simulated.noise import Wander, stable_key
from forward_factor.providers.simulated.universe import MARKET_IV, Profile, profile_of

TRADING_DAYS_A_YEAR = 252

# Stocks move a little less than their options say, as they do; else selling vol would not pay at all.
_REALISED_SHARE = 0.9
_VOL_OF_LEVEL_A_DAY = 0.03
_LEVERAGE = 3.0
_LEVERAGE_DAYS = 15
_WIDEST_LOG_VOL = 0.3


@dataclass(frozen=True, slots=True)
class Stock:
    """A ticker with its sources of noise: the market's part of its return, its own part, its vol."""

    profile: Profile
    market: Wander
    own: Wander
    vol: Wander

    @classmethod
    def create(cls, seed: int, ticker: str) -> Stock:
        """Return the stock of a ticker."""
        profile = profile_of(seed, ticker)
        own_iv = sqrt(profile.iv**2 - (profile.beta * MARKET_IV) ** 2)
        return cls(
            profile,
            market=Wander(stable_key(seed, "market"), _a_day(MARKET_IV)),
            own=Wander(stable_key(profile.key, "own"), _a_day(own_iv)),
            vol=Wander(stable_key(profile.key, "vol"), _VOL_OF_LEVEL_A_DAY, span=32, levels=14),
        )

    def spot_at(self, time: float, announced: float) -> float:
        """Return the price in dollars and whole cents at a trading time.

        Args:
            time: trading time.
            announced: log return left by past announcements.

        """
        drift = self.profile.beta * _at(self.market, time) + float(self.own.at(np.array([time]))[0])
        return max(round(self.profile.price * exp(drift + announced), 2), 0.01)

    def spots_at(self, times: FloatArray, announced: float) -> FloatArray:
        """Return the prices at an array of trading times, as ``spot_at`` does one."""
        drift = self.profile.beta * self.market.at(times) + self.own.at(times)
        return np.maximum(np.round(self.profile.price * np.exp(drift + announced), 2), 0.01)

    def weekly_spots(self, day: date, announced: FloatArray) -> FloatArray:
        """Return the prices before the open of ``day`` and of the same weekday in the weeks before.

        Args:
            day: a trading day.
            announced: log return left by past announcements on each of these days, the last one first.

        """
        weeks = len(announced)
        drift = self.profile.beta * _weekly_of_market(self.market, day, weeks) + _weekly(self.own, day, weeks)
        return np.asarray(self.profile.price * np.exp(drift + announced))

    def variance_level(self, time: float) -> float:
        """Return today's variance over its long-run mean; it rises when the market has fallen."""
        fall = _at(self.market, time - _LEVERAGE_DAYS) - _at(self.market, time)
        log_vol = float(self.vol.at(np.array([time]))[0]) + _LEVERAGE * fall
        return exp(2.0 * min(max(log_vol, -_WIDEST_LOG_VOL), _WIDEST_LOG_VOL))


@lru_cache(maxsize=256)
def _at(path: Wander, time: float) -> float:
    return float(path.at(np.array([time]))[0])


@lru_cache(maxsize=16)
def _weekly_of_market(market: Wander, day: date, weeks: int) -> FloatArray:
    return _weekly(market, day, weeks)


def _weekly(path: Wander, day: date, weeks: int) -> FloatArray:
    return path.at(previous_close_time(day) - np.arange(0.0, 5.0 * weeks, 5.0))


def _a_day(iv: float) -> float:
    return _REALISED_SHARE * iv / sqrt(TRADING_DAYS_A_YEAR)
