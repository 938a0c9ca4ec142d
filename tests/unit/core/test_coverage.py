"""Coverage: trading days recorded and missing, and the gaps between them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.coverage import DaySpan, Gap, coverage_of, days_from
from forward_factor.core.market_hours import session_on

NOON = datetime(2026, 7, 8, 16, 0, tzinfo=UTC)
"""A Wednesday at noon in New York; the Friday before was a holiday."""


def july(*days: int) -> set[date]:
    return {date(2026, 7, day) for day in days}


def test_by_hand() -> None:
    span = days_from(datetime(2026, 6, 30, 23, 0, tzinfo=UTC), NOON)
    assert (span.first, span.last) == (date(2026, 6, 30), date(2026, 7, 8))
    found = coverage_of(july(1, 4, 7), span)
    assert (found.trading_days, found.recorded_days, found.missing_days, found.other_days) == (5, 2, 3, 1)
    assert (found.first_on, found.last_on, found.share) == (date(2026, 7, 1), date(2026, 7, 7), 0.4)
    assert found.gaps == (Gap(date(2026, 7, 2), date(2026, 7, 6), 2),)


def test_the_running_day_counts_once_it_is_recorded_and_at_the_close() -> None:
    span = days_from(NOON - timedelta(days=1), NOON)
    assert coverage_of(july(7), span).share == 1.0
    assert coverage_of(july(7, 8), span).trading_days == 2
    closed = days_from(NOON - timedelta(days=1), NOON + timedelta(hours=4))
    assert coverage_of(july(7), closed).missing_days == 1


def test_days_are_new_yorks() -> None:
    span = days_from(datetime(2026, 7, 7, 3, 59, tzinfo=UTC), datetime(2026, 7, 8, 4, 0, tzinfo=UTC))
    assert (span.first, span.last) == (date(2026, 7, 6), date(2026, 7, 8))


def test_nothing_recorded_is_no_gap_but_missing() -> None:
    found = coverage_of(set(), days_from(NOON - timedelta(days=7), NOON))
    assert (found.share, found.recorded_days, found.gaps, found.first_on) == (0.0, 0, (), None)
    assert found.missing_days == found.trading_days == 4
    weekend = datetime(2026, 7, 5, 16, 0, tzinfo=UTC)
    assert coverage_of(july(4), days_from(weekend - timedelta(days=1), weekend)).share is None


@given(st.sets(st.integers(0, 60)), st.integers(0, 60), st.integers(0, 23))
def test_plain_loops_find_the_same(recorded: set[int], length: int, hour: int) -> None:
    first = date(2026, 6, 1)
    days = {first + timedelta(days=number) for number in recorded}
    seen_at = datetime(2026, 6, 1, hour, 30, tzinfo=UTC) + timedelta(days=length)
    span = days_from(datetime(2026, 6, 1, 12, 0, tzinfo=UTC), max(seen_at, datetime(2026, 6, 1, 12, 0, tzinfo=UTC)))
    found = coverage_of(days, span)
    expected, missing = 0, []
    day = span.first
    while day <= span.last:
        session = session_on(day)
        if session is not None and (session.closes_at <= span.seen_at or day in days):
            expected += 1
            missing += [] if day in days else [day]
        day += timedelta(days=1)
    assert (found.trading_days, found.missing_days) == (expected, len(missing))
    inside = sorted(day for day in days if span.first <= day <= span.last)
    assert found.recorded_days + found.other_days == len(inside)
    assert sum(gap.days for gap in found.gaps) == sum(bool(inside) and day > inside[0] for day in missing)
    assert all(gap.first_on in missing and gap.last_on in missing for gap in found.gaps)


def test_a_span_may_end_before_it_begins() -> None:
    found = coverage_of(july(1), DaySpan(date(2026, 7, 9), date(2026, 7, 8), NOON))
    assert (found.trading_days, found.share) == (0, None)
