"""A user's own thresholds, limits and habits."""

from __future__ import annotations

from dataclasses import dataclass

from forward_factor.core.rules import DEFAULT_PAIRS, PairRule, VolPoint


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When alerts wait: local times of day, ``HH:MM``, in the user's time zone."""

    enabled: bool = False
    start: str = "22:00"
    end: str = "08:00"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """What a user is told about; the defaults are those of a new account.

    Attributes:
        ff_threshold: smallest forward factor of an alert.
        max_bid_ask_pct: widest (ask - bid) / mid, decimal (0.08 = 8 %).
        min_open_interest, min_volume: contracts, at every contract used.
        sigma_fwd_floor: smallest forward vol, decimal.
        stability_scans: consecutive scans a candidate must pass.
        cooldown_minutes: between alerts on the same ticker and expiries.
        timezone: IANA name, of the quiet hours.

    """

    ff_threshold: float = 0.20
    pairs: tuple[PairRule, ...] = DEFAULT_PAIRS
    vol_point: VolPoint = VolPoint.ATM
    min_open_interest: int = 100
    min_volume: int = 10
    max_bid_ask_pct: float = 0.08
    sigma_fwd_floor: float = 0.05
    stability_scans: int = 2
    cooldown_minutes: int = 120
    quiet_hours: QuietHours = QuietHours()
    preferred_structure: str = "ATM_calendar_call"
    timezone: str = "America/New_York"
    scan_priority: str = "standard"
    discovery_mode: bool = False
