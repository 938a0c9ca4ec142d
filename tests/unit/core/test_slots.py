"""The grid of due instants: sessions, holidays, early closes, and what is left of an outage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from forward_factor.core.slots import Cadences, due_between, latest_due, next_due, retry_delay, served_until
from forward_factor.core.tiers import Tier

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
OPEN, CLOSE = datetime(2026, 6, 1, 13, 30, tzinfo=UTC), datetime(2026, 6, 1, 20, 0, tzinfo=UTC)  # a Monday


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cadence", "now", "due"),
    [
        (QUARTER, OPEN - timedelta(microseconds=1), None),
        (QUARTER, OPEN, OPEN),
        (QUARTER, OPEN + QUARTER - timedelta(microseconds=1), OPEN),
        (QUARTER, OPEN + QUARTER, OPEN + QUARTER),
        (HOUR, CLOSE - timedelta(minutes=1), OPEN + 6 * HOUR),
        (HOUR, CLOSE, None),
        (QUARTER, utc("2026-06-06T15:00"), None),  # a Saturday
        (QUARTER, utc("2026-06-19T15:00"), None),  # Juneteenth
        (QUARTER, utc("2026-11-27T17:59"), utc("2026-11-27T17:45")),  # the day after Thanksgiving closes at 13:00
        (QUARTER, utc("2026-11-27T18:00"), None),
        (timedelta(minutes=0.05), OPEN + timedelta(seconds=4), OPEN + timedelta(seconds=3)),
        (timedelta(days=1), CLOSE - timedelta(seconds=1), OPEN),
    ],
)
def test_the_latest_due_instant(cadence: timedelta, now: datetime, due: datetime | None) -> None:
    assert latest_due(cadence, now) == due


@pytest.mark.parametrize(
    ("cadence", "now", "due"),
    [
        (QUARTER, OPEN - HOUR, OPEN),
        (QUARTER, OPEN, OPEN + QUARTER),
        (QUARTER, OPEN + QUARTER - timedelta(seconds=1), OPEN + QUARTER),
        (QUARTER, CLOSE - QUARTER, OPEN + timedelta(days=1)),  # the close itself is no instant of the grid
        (HOUR, CLOSE - timedelta(minutes=20), OPEN + timedelta(days=1)),
        (QUARTER, utc("2026-06-05T20:00"), utc("2026-06-08T13:30")),  # over the weekend
    ],
)
def test_the_next_due_instant(cadence: timedelta, now: datetime, due: datetime) -> None:
    assert next_due(cadence, now) == due


def test_a_whole_session() -> None:
    due = due_between(QUARTER, OPEN - QUARTER, CLOSE + HOUR)
    assert (due[0], due[-1], len(due)) == (OPEN, CLOSE - QUARTER, 26)
    assert due == tuple(sorted(set(due)))


def test_the_grid_has_no_end_piece_after_the_close() -> None:
    assert due_between(timedelta(minutes=60), CLOSE - HOUR, CLOSE + HOUR) == (OPEN + 6 * HOUR,)


def test_after_is_left_out_and_until_is_in() -> None:
    assert due_between(QUARTER, OPEN, OPEN + 2 * QUARTER) == (OPEN + QUARTER, OPEN + 2 * QUARTER)
    assert due_between(QUARTER, OPEN, OPEN) == ()
    assert due_between(QUARTER, CLOSE, OPEN) == ()


def test_an_outage_of_weeks_is_two_sessions_of_work() -> None:
    due = due_between(QUARTER, utc("2026-01-01T00:00"), OPEN + QUARTER)
    assert due[0] == utc("2026-05-29T13:30")  # the Friday before
    assert len(due) == 26 + 2
    on_sunday = due_between(QUARTER, utc("2026-01-01T00:00"), utc("2026-05-31T12:00"))
    assert (on_sunday[0], on_sunday[-1]) == (utc("2026-05-28T13:30"), utc("2026-05-29T19:45"))
    after_close = due_between(QUARTER, utc("2026-01-01T00:00"), CLOSE + HOUR)
    assert (after_close[0], after_close[-1]) == (utc("2026-05-29T13:30"), CLOSE - QUARTER)


def test_pieces_of_time_give_what_the_whole_gives() -> None:
    cuts = [OPEN - HOUR, OPEN, OPEN + timedelta(minutes=7), OPEN + QUARTER, OPEN + HOUR, CLOSE, CLOSE + HOUR]
    pieces = [due_between(QUARTER, *two) for two in pairwise(cuts)]
    assert sum(pieces, ()) == due_between(QUARTER, cuts[0], cuts[-1])


def test_slots_are_over_a_little_after_the_close() -> None:
    friday = utc("2026-05-29T20:00")
    assert served_until(CLOSE - HOUR) == friday
    assert served_until(CLOSE + timedelta(minutes=14)) == friday
    assert served_until(CLOSE + timedelta(minutes=15)) == CLOSE


def test_cadences_by_tier() -> None:
    cadences = Cadences(high=0.5)
    assert [cadences.of(tier) for tier in Tier] == [timedelta(seconds=30), QUARTER, HOUR]
    assert Cadences(high=1e-9).of(Tier.HIGH) == timedelta(seconds=1)


def test_a_cadence_that_does_not_divide_the_session() -> None:
    for minutes in (0.7, 7, 13, 100, 389.9, 390, 390.1, 1440):
        cadence = timedelta(minutes=minutes)
        due = due_between(cadence, OPEN - HOUR, CLOSE)
        assert due[0] == OPEN
        assert due[-1] < CLOSE <= due[-1] + cadence
        assert all(latest_due(cadence, instant) == instant for instant in due)


def test_retries_wait_longer_each_time() -> None:
    assert [retry_delay(starts).total_seconds() for starts in (1, 2, 3, 4)] == [2, 4, 8, 16]
