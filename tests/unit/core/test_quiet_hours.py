"""Quiet hours in every time zone, on nights when clocks jump and on all others."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forward_factor.core.account_settings import QuietHours
from forward_factor.core.quiet_hours import first_instant, quiet_until

ZONES = sorted(available_timezones())
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NIGHT = QuietHours(True, "22:00", "08:00")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_plain_night() -> None:
    assert quiet_until(at("2026-06-02 01:59"), NIGHT, "America/New_York") is None
    assert quiet_until(at("2026-06-02 02:00"), NIGHT, "America/New_York") == at("2026-06-02 12:00")
    assert quiet_until(at("2026-06-02 11:59:59.999999"), NIGHT, "America/New_York") == at("2026-06-02 12:00")
    assert quiet_until(at("2026-06-02 12:00"), NIGHT, "America/New_York") is None


def test_hours_within_a_day_and_hours_that_are_off() -> None:
    noon = QuietHours(True, "12:00", "13:30")
    assert quiet_until(at("2026-06-02 12:00"), noon, "UTC") == at("2026-06-02 13:30")
    assert quiet_until(at("2026-06-02 13:30"), noon, "UTC") is None
    assert quiet_until(at("2026-06-02 12:00"), QuietHours(False, "12:00", "13:30"), "UTC") is None
    assert quiet_until(at("2026-06-02 12:00"), QuietHours(True, "12:00", "12:00"), "UTC") is None


@pytest.mark.parametrize(
    ("instant", "hours", "zone", "until"),
    [
        # spring in New York: 02:00 becomes 03:00 at 07:00 UTC
        ("2026-03-08 06:00", ("22:00", "02:30"), "America/New_York", "2026-03-08 07:00"),
        ("2026-03-08 06:00", ("22:00", "03:00"), "America/New_York", "2026-03-08 07:00"),
        ("2026-03-08 06:00", ("22:00", "08:00"), "America/New_York", "2026-03-08 12:00"),
        ("2026-03-08 07:00", ("02:10", "02:50"), "America/New_York", None),
        ("2026-03-08 07:00", ("02:30", "05:00"), "America/New_York", "2026-03-08 09:00"),
        # autumn: 01:00 to 02:00 comes twice, the first time from 05:00 UTC
        ("2026-11-01 05:10", ("22:00", "01:30"), "America/New_York", "2026-11-01 05:30"),
        ("2026-11-01 06:10", ("22:00", "01:30"), "America/New_York", None),
        ("2026-11-01 06:10", ("01:30", "05:00"), "America/New_York", "2026-11-01 10:00"),
        ("2026-11-01 06:10", ("22:00", "08:00"), "America/New_York", "2026-11-01 13:00"),
        # half an hour on Lord Howe Island; no 30 December 2011 on Samoa
        ("2026-10-03 15:00", ("22:00", "02:15"), "Australia/Lord_Howe", "2026-10-03 15:30"),
        ("2011-12-30 09:00", ("22:00", "08:00"), "Pacific/Apia", "2011-12-30 18:00"),
    ],
)
def test_nights_when_the_clock_jumps(instant: str, hours: tuple[str, str], zone: str, until: str | None) -> None:
    assert quiet_until(at(instant), QuietHours(True, *hours), zone) == (at(until) if until else None)


def slow_first(day: datetime, zone: ZoneInfo, near: datetime) -> datetime:
    """Look at the wall every minute, until it shows ``day`` or more."""
    instant = near - timedelta(days=2)
    while instant.astimezone(zone).replace(tzinfo=None) < day:
        instant += MINUTE
    return instant


JUMPS = [
    earlier
    for earlier, later in pairwise(at("2024-01-01") + hours * HOUR for hours in range(3 * 366 * 24))
    if earlier.astimezone(ZoneInfo("Europe/Berlin")).utcoffset()
    != later.astimezone(ZoneInfo("Europe/Berlin")).utcoffset()
]
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)) | st.builds(
    lambda jump, hours: jump + hours, st.sampled_from(JUMPS), st.timedeltas(timedelta(days=-1), timedelta(days=1))
)
TIMES = st.times().map(lambda one: f"{one:%H:%M}")


@settings(max_examples=60)
@given(st.sampled_from(ZONES), INSTANTS, st.times())
def test_the_first_instant_is_the_first(zone: str, instant: datetime, shown: time) -> None:
    wall, shown = ZoneInfo(zone), shown.replace(second=0, microsecond=0, fold=0)
    day = instant.astimezone(wall).date()
    assert first_instant(day, shown, wall) == slow_first(
        datetime.combine(day, shown), wall, instant.replace(second=0, microsecond=0)
    )


@settings(max_examples=300)
@given(st.sampled_from(ZONES), INSTANTS, TIMES, TIMES)
@example("America/New_York", at("2026-11-01 05:59"), "01:30", "01:00")
@example("Africa/Casablanca", at("2026-02-15 01:59"), "02:30", "03:00")
def test_quiet_ends_once_and_lasts_until_then(zone: str, instant: datetime, start: str, end: str) -> None:
    hours = QuietHours(True, start, end)
    until = quiet_until(instant, hours, zone)
    if until is None:
        return
    assert instant < until < instant + timedelta(days=2, hours=3)
    assert until.tzinfo is UTC
    assert quiet_until(until, hours, zone) is None
    for share in (0.1, 0.5, 0.9):
        assert quiet_until(instant + (until - instant) * share, hours, zone) == until


@settings(max_examples=300)
@given(st.sampled_from(ZONES), INSTANTS, TIMES, TIMES)
def test_away_from_jumps_it_is_what_the_wall_says(zone: str, instant: datetime, start: str, end: str) -> None:
    wall = ZoneInfo(zone)
    around = {(instant + hours * HOUR).astimezone(wall).utcoffset() for hours in range(-48, 49)}
    if len(around) > 1:
        return
    now = f"{instant.astimezone(wall):%H:%M}"
    quiet = start <= now < end if start < end else start != end and (now >= start or now < end)
    until = quiet_until(instant, QuietHours(True, start, end), zone)
    assert (until is not None) == quiet
    if until is not None:
        assert f"{until.astimezone(wall):%H:%M:%S}" == f"{end}:00"
        assert until - instant <= timedelta(days=1)
