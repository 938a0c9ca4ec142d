"""How numbers, instants and days are written on the page: missing ones as a dash."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

MISSING = "–"


def percent(value: float | None, digits: int = 1) -> str:
    """Return a decimal as percent: 0.4512 as ``45.1 %``."""
    return MISSING if value is None else f"{100 * value:.{digits}f} %"


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with so many digits after the point, thousands apart."""
    return MISSING if value is None else f"{value:,.{digits}f}"


def factor(value: float | None) -> str:
    """Return a forward factor with its sign: ``+0.23``."""
    return MISSING if value is None else f"{round(value, 2) + 0.0:+.2f}"  # no minus before 0.00


def money(value: float | None) -> str:
    """Return dollars: ``$1,234.50``, ``−$3.20``."""
    if value is None:
        return MISSING
    return f"{'−' if value < 0 else ''}${abs(value):,.2f}"


def day(value: date | None) -> str:
    """Return a date: ``2026-11-25``."""
    return MISSING if value is None else value.isoformat()


def instant(value: datetime | None, zone: ZoneInfo) -> str:
    """Return an instant in a person's time zone: ``2026-11-25 14:30 EST``."""
    return MISSING if value is None else f"{value.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def ago(value: datetime | None, now: datetime) -> str:
    """Return how long ago an instant was: ``3 min ago``."""
    if value is None:
        return MISSING
    seconds = (now - value).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return "just now"
