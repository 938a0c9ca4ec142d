"""A user's own thresholds, limits and habits."""

from __future__ import annotations

from dataclasses import dataclass

from forward_factor.core.rules import DEFAULT_PAIRS, PairRule, VolPoint
from forward_factor.core.structure import Structure, parse_structure
from forward_factor.core.ticket import Stake


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When alerts wait: local times of day, ``HH:MM``, in the user's time zone; they may cross midnight."""

    enabled: bool = False
    start: str = "22:00"
    end: str = "08:00"

    @property
    def is_on(self) -> bool:
        """Return whether there are any: hours that end where they start are none."""
        return self.enabled and self.start != self.end


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
        ex_earnings: judge by the forward factor without earnings jumps where an announcement lies in the window.
        discovery_ff_threshold: that of tickers the user does not watch; None for ``ff_threshold``.
        bankroll, win_rate, win_loss_ratio: what the user states for a suggested size; None where nothing was said.

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
    ex_earnings: bool = False
    alerts_paused: bool = False
    discovery_ff_threshold: float | None = None
    bankroll: float | None = None
    win_rate: float | None = None
    win_loss_ratio: float | None = None

    @property
    def structure(self) -> Structure:
        """Return the trade that ``preferred_structure`` means."""
        return parse_structure(self.preferred_structure)

    @property
    def vol_points(self) -> tuple[VolPoint, VolPoint]:
        """Return the two points that must pass: both of 35 delta for a double calendar, else the one point twice."""
        if self.structure is Structure.DOUBLE:
            return VolPoint.PUT_35D, VolPoint.CALL_35D
        return self.vol_point, self.vol_point

    @property
    def stake(self) -> Stake | None:
        """Return what a size can be suggested from, None unless all three numbers are stated."""
        if self.win_rate is None or self.win_loss_ratio is None or self.bankroll is None:
            return None
        return Stake(self.win_rate, self.win_loss_ratio, self.bankroll)
