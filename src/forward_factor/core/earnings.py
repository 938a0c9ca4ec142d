"""Earnings: which announcements lie before an expiry, and the vol that is left without their jumps.

A scheduled announcement adds a lump of variance, the squared jump, to every expiry after it:
``w_i = base_i^2 T_i + sum(jump^2)`` (Patell & Wolfson 1979; Dubinsky, Johannes, Kaeck & Seeger 2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import numpy as np

from forward_factor.core.arrays import FloatArray, IntArray
from forward_factor.core.chain import NEW_YORK
from forward_factor.core.market_hours import next_session

MEAN_REVERSION_PER_YEAR = 4.0
"""Speed at which the base curve's variance returns to its long level; a half-life of about two months."""


class Timing(StrEnum):
    """When on its date a company announces."""

    BEFORE_OPEN = "bmo"
    AFTER_CLOSE = "amc"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EarningsEvent:
    """One announcement; ``is_confirmed`` is None where nobody said."""

    ticker: str
    date: date
    timing: Timing
    is_confirmed: bool | None
    source: str


def priced_in_at(event: EarningsEvent) -> datetime:
    """Return the instant from which quotes can know the announcement: the next open after it.

    Until then a chain, be it the closing one fetched late at night, still carries the jump.
    """
    before_open = event.timing is Timing.BEFORE_OPEN
    eve = event.date - timedelta(days=1) if before_open else event.date
    return next_session(datetime.combine(eve, time(16, 0), NEW_YORK)).opens_at


def upcoming_dates(events: Iterable[EarningsEvent], as_of: datetime, until: date) -> tuple[date, ...]:
    """Return the dates, in order and once each, of announcements not yet in quotes of ``as_of``, up to ``until``."""
    return tuple(sorted({event.date for event in events if event.date <= until and priced_in_at(event) > as_of}))


def announcements_before(events: Sequence[EarningsEvent], as_of: datetime, expiries: Sequence[date]) -> IntArray:
    """Return, per expiry, how many announcements its quotes at ``as_of`` still have ahead of them.

    One announcement after the close (or at an unknown hour) of the expiry date itself does not reach it.
    """
    ahead = {event.date: event for event in events if priced_in_at(event) > as_of}.values()
    reached = [_first_expiry_reached(event) for event in ahead]
    return np.array([sum(first <= expiry for first in reached) for expiry in expiries], dtype=np.int64)


def _first_expiry_reached(event: EarningsEvent) -> date:
    return event.date if event.timing is Timing.BEFORE_OPEN else event.date + timedelta(days=1)


def solve_jump_variance(iv: FloatArray, years: FloatArray, announcements: IntArray) -> float:
    """Return jump^2 of one announcement by least squares over a term structure.

    The base curve is ``base^2 = a + b g(T)`` with ``g(T) = (1 - e^{-kT}) / (kT)`` (variance that reverts to
    a long level); each expiry weighs ``1 / (sigma T)``, so that errors count in vol. A negative jump^2
    is solved again as none. NaN where the curve cannot tell: fewer than four expiries (three for a
    flat base), or no expiry free of announcements.

    Args:
        iv: annualised vols, decimal, finite.
        years: time to each expiry.
        announcements: how many announcements each expiry spans.

    """
    if len(iv) < 3 or announcements.min() == announcements.max() or announcements.min() > 0:
        return float("nan")
    reach = MEAN_REVERSION_PER_YEAR * years
    columns = [years, announcements.astype(np.float64)]
    if len(iv) >= 4:
        columns.append(years * -np.expm1(-reach) / reach)
    weight = 1.0 / (iv * years)
    design = np.stack(columns, axis=1) * weight[:, np.newaxis]
    solution, _, rank, _ = np.linalg.lstsq(design, iv**2 * years * weight, rcond=None)
    return max(float(solution[1]), 0.0) if rank == design.shape[1] else float("nan")


def without_jumps(iv: FloatArray, years: FloatArray, announcements: IntArray, jump_variance: float) -> FloatArray:
    """Return ``base = sqrt((sigma^2 T - n jump^2) / T)``; NaN where nothing positive is left."""
    with np.errstate(invalid="ignore"):
        base = (iv**2 * years - announcements * jump_variance) / years
        return np.sqrt(np.where(base > 0.0, base, np.nan))
