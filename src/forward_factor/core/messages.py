"""What users are told, as facts: the words are made where a message is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from forward_factor.core.structure import Structure


class MessageKind(StrEnum):
    """What a notification is about."""

    ALERT = "alert"
    DIGEST = "digest"
    REMINDER = "reminder"
    NOTICE = "notice"


class ReminderKind(StrEnum):
    """What a reminder reminds of."""

    DAY_BEFORE_EXPIRY = "day_before_expiry"
    EXPIRY_MORNING = "expiry_morning"
    EX_DIVIDEND = "ex_dividend"
    EARNINGS_MOVED = "earnings_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """A candidate that passed a user's rules; vols and factors as decimals, missing numbers None.

    Attributes:
        ff: the raw forward factor; ``ff_ex_earnings`` without the jumps of announcements.
        by_ex_earnings: whether the user's threshold was met by ``ff_ex_earnings``.
        bid_ask_pct: widest (ask - bid) / mid of the contracts behind it.
        scans: consecutive scans it had passed.

    """

    signal_id: str
    ticker: str
    as_of: datetime
    provider: str
    pair: str
    vol_point: str
    structure: Structure
    front_expiry: date
    back_expiry: date
    front_dte: int
    back_dte: int
    front_iv: float
    back_iv: float
    sigma_fwd: float
    ff: float
    ff_low: float | None
    ff_high: float | None
    ff_ex_earnings: float | None
    by_ex_earnings: bool
    bid_ask_pct: float | None
    open_interest: float | None
    volume: float | None
    quality_score: float | None
    underlying_price: float
    earnings_on: date | None
    flags: tuple[str, ...]
    is_discovery: bool
    scans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """The alerts of one stretch of quiet hours, the oldest first."""

    alerts: tuple[AlertFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderFacts:
    """Something about an open position.

    Attributes:
        about_on: the date it is about: an expiry, an ex-date, an announcement.
        earlier_on: where an announcement stood before it moved.
        amount: dividend, dollars a share.

    """

    reminder: ReminderKind
    decision_id: str
    ticker: str
    structure: Structure
    front_expiry: date
    back_expiry: date
    about_on: date
    earlier_on: date | None = None
    amount: float | None = None
    entry_price: float | None = None
    contracts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """A plain word from the system, in one line."""

    text: str


MessageFacts = AlertFacts | DigestFacts | ReminderFacts | NoticeFacts
