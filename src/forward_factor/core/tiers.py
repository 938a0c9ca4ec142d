"""How often a ticker is scanned: its tier, from who watches it and whether they are awake for the next session.

``high`` where a watcher asked for it or ten watch, ``medium`` where anybody at least is awake and means it, else
``low``. The numbers of minutes behind the tiers are settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from forward_factor.core.account_settings import QuietHours
from forward_factor.core.chain import NEW_YORK
from forward_factor.core.market_hours import Session

MANY_SUBSCRIBERS = 10
_NOT_QUIET = QuietHours()


class Tier(StrEnum):
    """How often a ticker is scanned."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Wish(StrEnum):
    """How often a user wants scans: what the setting ``scan_priority`` comes to."""

    HIGH = "high"
    STANDARD = "standard"
    LOW = "low"


_WISHES = {"high": Wish.HIGH, "turbo": Wish.HIGH, "low": Wish.LOW}


@dataclass(frozen=True, slots=True)
class Habits:
    """What of a user's settings decides about tiers, as it is stored: any of it may be missing or odd."""

    scan_priority: str | None = None
    alerts_paused: bool | None = None
    timezone: str | None = None
    quiet_hours: QuietHours = _NOT_QUIET


@dataclass(frozen=True, slots=True)
class Standing:
    """How one user stands to a session."""

    wish: Wish
    is_awake: bool


def parse_tier(text: str | None) -> Tier:
    """Return a stored tier; medium for what is none, as the old bot's words may be."""
    known = (text or "").strip().lower()
    return Tier(known) if known in set(Tier) else Tier.MEDIUM


def parse_wish(scan_priority: str | None) -> Wish:
    """Return a stored scan priority; the old bot's ``turbo`` is high, any other word standard."""
    return _WISHES.get((scan_priority or "").strip().lower(), Wish.STANDARD)


def standing_of(habits: Habits, session: Session) -> Standing:
    """Return how a user of these habits stands to ``session``."""
    asleep = bool(habits.alerts_paused) or is_quiet_throughout(session, habits.quiet_hours, habits.timezone)
    return Standing(parse_wish(habits.scan_priority), not asleep)


def tier_of(watchers: Mapping[Standing, int]) -> Tier:
    """Return the tier of a ticker from the number of its active watchers of each standing."""
    if not any(one.is_awake and one.wish is not Wish.LOW for one, count in watchers.items() if count):
        return Tier.LOW
    wanted = any(one.wish is Wish.HIGH for one, count in watchers.items() if count)
    return Tier.HIGH if wanted or sum(watchers.values()) >= MANY_SUBSCRIBERS else Tier.MEDIUM


def is_quiet_throughout(session: Session, quiet: QuietHours, timezone: str | None) -> bool:
    """Return whether one stretch of quiet hours covers all of ``session``.

    A time that cannot be read, or a stretch that ends where it starts, is no quiet at all.
    """
    start, end = _time(quiet.start), _time(quiet.end)
    if not quiet.enabled or start is None or end is None or start == end:
        return False
    zone = _zone(timezone)
    today = session.opens_at.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        begins = datetime.combine(day, start, zone)
        ends = datetime.combine(day if start < end else day + timedelta(days=1), end, zone)
        if begins <= session.opens_at and session.closes_at <= ends:
            return True
    return False


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text.strip())
    except ValueError:
        return None


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "")
    except (KeyError, ValueError, OSError):  # no such zone, no name of a zone, a folder of zones
        return NEW_YORK
