"""Quarterly earnings announcements, one cycle a ticker, for ever in both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import floor

import numpy as np

from forward_factor.core import market_hours
from forward_factor.core.arrays import FloatArray, IntArray
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.providers.simulated.noise import normals, stable_key, uniforms
from forward_factor.providers.simulated.universe import Profile

MEMORY_DAYS = 730

_QUARTER_DAYS = 91.3125
_SLACK_DAYS = 10
_JITTER_DAYS = 2
_THURSDAY = 3


@dataclass(frozen=True, slots=True, eq=False)
class Announcements:
    """Announcements of one ticker as they happen, whatever calendars say about them; days are ordinals.

    Attributes:
        number: position in the ticker's cycle.
        day: New York date of the announcement.
        reacts_on: the first session that trades on it; options that expire before carry none of its risk.
        move: the log return it brings.
        variance: what the options behind it expect of it.

    """

    number: IntArray
    day: IntArray
    reacts_on: IntArray
    move: FloatArray
    variance: float

    def expected_variance(self, today: int, expiries: IntArray) -> FloatArray:
        """Return per expiry the total variance of the announcements still to come after ``today``."""
        pending = self.reacts_on[self.reacts_on > today]
        return np.asarray(np.searchsorted(pending, expiries, side="right") * self.variance)

    def realised_by(self, days: IntArray) -> FloatArray:
        """Return the log return that past announcements have left in the price on each of ``days``.

        Each one fades evenly over two years, so that a price keeps within reach of its long-run level.
        """
        ages = days[:, None] - self.reacts_on
        remembered = np.where(ages >= 0, np.maximum(1.0 - ages / MEMORY_DAYS, 0.0), 0.0)
        return np.asarray((remembered * self.move).sum(axis=1))


def announcements_between(profile: Profile, start: int, end: int) -> Announcements:
    """Return a ticker's announcements from ``start`` to ``end``, both included; a fund has none."""
    numbers = np.empty(0, np.int64) if profile.is_fund else _numbers_around(profile, start, end)
    days = _announcement_days(profile, numbers)
    inside = (start <= days) & (days <= end)
    numbers, days = numbers[inside], days[inside]
    reactions = days if _timing(profile) is Timing.BEFORE_OPEN else _each(_next_session_day, days)
    moves = profile.announcement_move * normals(stable_key(profile.key, "moves"), numbers)
    return Announcements(numbers, days, reactions, moves, profile.announcement_move**2)


def announced_by(profile: Profile, day: date) -> float:
    """Return the log return that past announcements have left in the price of a session."""
    today = day.toordinal()
    past = announcements_between(profile, today - MEMORY_DAYS, today)
    return float(past.realised_by(np.array([today]))[0])


def published_events(profile: Profile, start: date, end: date) -> list[EarningsEvent]:
    """Return what an earnings calendar says about ``start`` to ``end``, both included.

    Most dates are confirmed, some only estimated, of some it is not known; a few have no timing.
    """
    happening = announcements_between(profile, start.toordinal(), end.toordinal())
    chances = uniforms(stable_key(profile.key, "calendar"), happening.number[:, None] * 2 + np.arange(2))
    return [
        _published(profile, date.fromordinal(day), sureness, detail)
        for day, (sureness, detail) in zip(happening.day.tolist(), chances.tolist(), strict=True)
    ]


def _published(profile: Profile, day: date, sureness: float, detail: float) -> EarningsEvent:
    is_confirmed = True if sureness < 0.7 else False if sureness < 0.9 else None
    timing = _timing(profile) if detail < 0.95 else Timing.UNKNOWN
    return EarningsEvent(profile.ticker, day, timing, is_confirmed, "simulated")


def _numbers_around(profile: Profile, start: int, end: int) -> IntArray:
    first = floor((start - _SLACK_DAYS) / _QUARTER_DAYS - profile.announcement_phase)
    last = floor((end + _SLACK_DAYS) / _QUARTER_DAYS - profile.announcement_phase)
    return np.arange(first, last + 1)


def _announcement_days(profile: Profile, numbers: IntArray) -> IntArray:
    chances = uniforms(stable_key(profile.key, "jitter"), numbers)
    jitter = np.floor(chances * (2 * _JITTER_DAYS + 1)) - _JITTER_DAYS
    due = np.floor((numbers + profile.announcement_phase) * _QUARTER_DAYS) + jitter
    return _each(_usual_day, due.astype(np.int64))


def _timing(profile: Profile) -> Timing:
    return Timing.BEFORE_OPEN if profile.key % 5 < 2 else Timing.AFTER_CLOSE


def _each(function: Callable[[int], int], days: IntArray) -> IntArray:
    return np.array([function(day) for day in days.tolist()], np.int64)


@lru_cache(maxsize=4096)
def _usual_day(ordinal: int) -> int:
    """Return the first trading day from ``ordinal`` on that is no Friday, when hardly anyone announces."""
    day = date.fromordinal(ordinal)
    while day.weekday() > _THURSDAY or market_hours.session_on(day) is None:
        day += timedelta(days=1)
    return day.toordinal()


@lru_cache(maxsize=4096)
def _next_session_day(ordinal: int) -> int:
    day = date.fromordinal(ordinal + 1)
    while market_hours.session_on(day) is None:
        day += timedelta(days=1)
    return day.toordinal()
