"""How much of a span was recorded: its trading days, those without a record, and the gaps they make."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from forward_factor.core.chain import new_york_date
from forward_factor.core.market_hours import session_on, trading_days_between


@dataclass(frozen=True, slots=True)
class Gap:
    """Trading days in a row without a record, both ends included."""

    first_on: date
    last_on: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of a span's trading days are recorded.

    Attributes:
        trading_days: days of the span whose session is over, and the running one where it is recorded.
        recorded_days: those of them with a record; ``missing_days`` are the others.
        other_days: recorded days without a session (weekends, holidays).
        first_on, last_on: the first and last recorded day, New York dates; None where there is none.
        share: recorded_days / trading_days; None where there was no trading day.
        gaps: missing days after ``first_on``; those before it are missing, too, but no gap.

    """

    trading_days: int
    recorded_days: int
    missing_days: int
    other_days: int
    first_on: date | None
    last_on: date | None
    share: float | None
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class DaySpan:
    """New York dates, both included, seen from an instant in or after the last of them."""

    first: date
    last: date
    seen_at: datetime

    def expected(self, recorded: Collection[date]) -> tuple[date, ...]:
        """Return the trading days whose session was over by then, and the last one as soon as it is recorded."""
        days = trading_days_between(self.first, self.last)
        return days if not days or days[-1] in recorded or _is_over(days[-1], self.seen_at) else days[:-1]


def days_from(since: datetime, until: datetime) -> DaySpan:
    """Return the New York dates of two instants and those between, as seen at the second."""
    return DaySpan(new_york_date(since), new_york_date(until), until)


def coverage_of(recorded: Collection[date], span: DaySpan) -> Coverage:
    """Return how much of ``span`` is among ``recorded`` days."""
    days = sorted(day for day in set(recorded) if span.first <= day <= span.last)
    expected = span.expected(days)
    there = set(days).intersection(expected)
    return Coverage(
        trading_days=len(expected),
        recorded_days=len(there),
        missing_days=len(expected) - len(there),
        other_days=len(days) - len(there),
        first_on=days[0] if days else None,
        last_on=days[-1] if days else None,
        share=len(there) / len(expected) if expected else None,
        gaps=_gaps([day for day in expected if days and day > days[0]], there),
    )


def _gaps(expected: Sequence[date], there: Collection[date]) -> tuple[Gap, ...]:
    gaps = []
    for is_there, run in groupby(expected, there.__contains__):
        days = tuple(run)
        if not is_there:
            gaps.append(Gap(days[0], days[-1], len(days)))
    return tuple(gaps)


def _is_over(day: date, instant: datetime) -> bool:
    session = session_on(day)
    return session is None or session.closes_at <= instant
