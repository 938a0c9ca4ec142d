"""Until when a message must wait: quiet hours are times on the user's wall, which now and then jumps.

Quiet begins, and ends, at the first instant at which the clock on the wall shows that time of that date or has passed
it. So an end that a spring night leaves out comes with the jump, and one that an autumn night shows twice is its first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from forward_factor.core.account_settings import QuietHours

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def quiet_until(instant: datetime, hours: QuietHours, timezone: str) -> datetime | None:
    """Return the end, in UTC, of the quiet hours that ``instant`` lies in; None where it lies in none.

    Args:
        instant: aware.
        hours: local times of day; an end before the start is one of the next day.
        timezone: IANA name.

    """
    if not hours.is_on:
        return None
    zone, until = ZoneInfo(timezone), instant
    while (end := _end_of_quiet(until, hours, zone)) is not None:
        until = end
    return until.astimezone(UTC) if until > instant else None


def _end_of_quiet(instant: datetime, hours: QuietHours, zone: ZoneInfo) -> datetime | None:
    """Return the end of the one stretch of quiet hours around ``instant``, None outside of any."""
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    today = instant.astimezone(zone).date()
    for day in (today - 2 * _DAY, today - _DAY, today, today + _DAY):  # two back, for zones that have skipped a day
        begins = first_instant(day, start, zone)
        ends = first_instant(day if start < end else day + _DAY, end, zone)
        if begins <= instant < ends:
            return ends
    return None


def first_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the first instant, in UTC, at which the wall of ``zone`` shows that time of that date or has passed it."""
    shown = datetime.combine(day, at, zone)
    instant = shown.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return instant
    return _jump_between(shown.replace(fold=1).astimezone(UTC), instant, zone)


def _jump_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant with the offset of ``after``, to the second."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
