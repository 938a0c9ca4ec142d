"""How often a ticker is scanned: its tier, from who watches it and whether they are awake for the next session.

``high`` where a watcher asked for it or ten watch, ``medium`` where anybody at least is awake and means it, else
``low``. The numbers of minutes behind the tiers are settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.market_hours import Session
from forward_factor.core.quiet_hours import quiet_until

MANY_SUBSCRIBERS = 10


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
class Standing:
    """How one user stands to a session."""

    wish: Wish
    is_awake: bool


def parse_tier(text: str | None) -> Tier:
    """Return a stored tier; medium for what is none, as the old bot's words may be."""
    known = (text or "").strip().lower()
    return Tier(known) if known in set(Tier) else Tier.MEDIUM


def parse_wish(scan_priority: str) -> Wish:
    """Return what a scan priority wishes; the old bot's ``turbo`` is high, any other word standard."""
    return _WISHES.get(scan_priority.strip().lower(), Wish.STANDARD)


def standing_of(settings: AccountSettings, session: Session) -> Standing:
    """Return how a user of these settings stands to ``session``: paused, or quiet all through it, is asleep."""
    until = quiet_until(session.opens_at, settings.quiet_hours, settings.timezone)
    is_quiet = until is not None and until >= session.closes_at
    return Standing(parse_wish(settings.scan_priority), not (settings.alerts_paused or is_quiet))


def tier_of(watchers: Mapping[Standing, int]) -> Tier:
    """Return the tier of a ticker from the number of its active watchers of each standing."""
    if not any(one.is_awake and one.wish is not Wish.LOW for one, count in watchers.items() if count):
        return Tier.LOW
    wanted = any(one.wish is Wish.HIGH for one, count in watchers.items() if count)
    return Tier.HIGH if wanted or sum(watchers.values()) >= MANY_SUBSCRIBERS else Tier.MEDIUM
