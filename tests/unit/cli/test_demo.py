"""When a served demo begins: within a session, with hours of it left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.cli.demo import demo_start
from forward_factor.cli.demo_store import past_sessions
from forward_factor.core.market_hours import is_open

WEDNESDAY = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
"""The open in New York."""


@pytest.mark.parametrize(
    ("now", "start"),
    [
        (WEDNESDAY + timedelta(hours=3), WEDNESDAY + timedelta(hours=3)),
        (WEDNESDAY + timedelta(hours=1), WEDNESDAY + timedelta(days=-1, hours=2)),
        (WEDNESDAY + timedelta(hours=6), WEDNESDAY + timedelta(days=-1, hours=2)),
        (WEDNESDAY + timedelta(hours=12), WEDNESDAY + timedelta(hours=2)),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 20, 16, 30, tzinfo=UTC)),
        (datetime(2026, 11, 27, 23, tzinfo=UTC), datetime(2026, 11, 27, 16, 30, tzinfo=UTC)),
    ],
    ids=["mid-session", "early", "late", "evening", "weekend", "after a short day"],
)
def test_where_it_begins(now: datetime, start: datetime) -> None:
    assert demo_start(now) == start


def test_it_always_has_an_hour_of_a_session_before_it() -> None:
    for hours in range(24 * 21):
        start = demo_start(WEDNESDAY + timedelta(hours=hours, minutes=7))
        assert is_open(start)
        assert is_open(start + timedelta(hours=1))
        assert is_open(start - timedelta(minutes=90))


def test_its_past_ends_yesterday() -> None:
    past = [one.day for one in past_sessions(WEDNESDAY)]
    assert past == sorted(set(past))
    assert past[-1] == WEDNESDAY.date() - timedelta(days=1)
    assert 40 <= len(past) <= 46
