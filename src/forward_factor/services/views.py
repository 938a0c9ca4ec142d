"""What was found, as it is shown: plain values, vols and shares as decimals, missing numbers None."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from forward_factor.core.accounts import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateView:
    """One pair and vol point of one snapshot; field for field as it is stored."""

    ticker: str
    as_of: datetime
    provider: str
    pair: str
    vol_point: str
    front_expiry: date | None
    back_expiry: date | None
    front_dte: int | None
    back_dte: int | None
    front_iv: float | None
    back_iv: float | None
    sigma_fwd: float | None
    ff: float | None
    ff_low: float | None
    ff_high: float | None
    front_iv_ex_earnings: float | None
    back_iv_ex_earnings: float | None
    ff_ex_earnings: float | None
    earnings_on: date | None
    bid_ask_pct: float | None
    open_interest: float | None
    volume: float | None
    quality_score: float | None
    reasons: tuple[str, ...]
    flags: tuple[str, ...]
    is_signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalView:
    """A stored signal; what the old bot did not keep of its own signals is None."""

    id: str
    ticker: str
    as_of: datetime
    provider: str | None
    underlying_price: float | None
    pair: str | None
    vol_point: str | None
    front_expiry: date | None
    back_expiry: date | None
    front_dte: int | None
    back_dte: int | None
    front_iv: float | None
    back_iv: float | None
    sigma_fwd: float | None
    ff: float | None
    ff_low: float | None
    ff_high: float | None
    ff_ex_earnings: float | None
    quality_score: float | None
    is_discovery: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """An account as others may see it; users of the old bot may lack an address."""

    id: str
    email: str | None
    role: Role
    is_active: bool
    created_at: datetime | None
    telegram_chat_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedTicker:
    """One ticker on a watchlist; how often it is scanned is None until that is known."""

    ticker: str
    added_at: datetime | None
    tier: str | None = None
    last_scan_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryView:
    """One expiry of a stored term structure."""

    expiry: date
    dte: int
    forward: float
    atm_iv: float | None
    atm_iv_bid: float | None
    atm_iv_ask: float | None
    put_35d_iv: float | None = None
    put_35d_iv_bid: float | None = None
    put_35d_iv_ask: float | None = None
    call_35d_iv: float | None = None
    call_35d_iv_bid: float | None = None
    call_35d_iv_ask: float | None = None
    flags: tuple[str, ...] = ()
