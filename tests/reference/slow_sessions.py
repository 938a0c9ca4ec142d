"""Sessions of the slow reference: weekdays without a short list of holidays, written down by hand."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
CLOSED = """
2021-01-01 2021-01-18 2021-02-15 2021-04-02 2021-05-31 2021-07-05 2021-09-06 2021-11-25 2021-12-24
2022-01-17 2022-02-21 2022-04-15 2022-05-30 2022-06-20 2022-07-04 2022-09-05 2022-11-24 2022-12-26
2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-11-26 2026-12-25
2027-01-01 2027-01-18 2027-02-15 2027-03-26 2027-05-31 2027-06-18 2027-07-05 2027-09-06 2027-11-25 2027-12-24
"""
CLOSED_EARLY = "2021-11-26 2022-11-25 2026-11-27 2026-12-24 2027-11-26"
HOLIDAYS = {date.fromisoformat(day) for day in CLOSED.split()}
HALF_DAYS = {date.fromisoformat(day) for day in CLOSED_EARLY.split()}


def is_session(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def sessions_before(day: date, count: int) -> date:
    """The count-th day with a session before a day."""
    while count:
        day -= timedelta(days=1)
        if is_session(day):
            count -= 1
    return day


def close_on_or_before(day: date) -> datetime:
    """The close of the last session on or before a day."""
    while not is_session(day):
        day -= timedelta(days=1)
    return datetime.combine(day, time(13) if day in HALF_DAYS else time(16), NEW_YORK)
