"""People, what they watch and decided, and the plain tables beside the time series.

Names and columns of the old bot's tables stay as they were; ours come beside them.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from forward_factor.storage.tables.base import Base, Day, Instant, Json, Number, Text, Truth, Whole


class User(Base):
    """An account, from Telegram, the web, or both.

    ``role`` and ``email_key`` are ours: a user of the old bot has neither, and is an ordinary user. The key makes the
    addresses of new accounts unique whatever their case; the old bot's may differ in case alone. Tokens issued before
    ``tokens_valid_after`` are of no use.
    """

    __tablename__ = "users"

    id: Mapped[Text] = mapped_column(primary_key=True)
    telegram_chat_id: Mapped[Text | None] = mapped_column(unique=True)
    email: Mapped[Text | None] = mapped_column(unique=True)
    password_hash: Mapped[Text | None]
    telegram_username: Mapped[Text | None]
    created_at: Mapped[Instant | None]
    status: Mapped[Text | None]
    role: Mapped[Text | None]
    email_key: Mapped[Text | None] = mapped_column(unique=True, index=True)
    tokens_valid_after: Mapped[Instant | None]


class UserSettings(Base):
    """A user's own thresholds, limits and habits."""

    __tablename__ = "user_settings"

    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    ff_threshold: Mapped[Number | None]
    dte_pairs: Mapped[Json | None]
    vol_point: Mapped[Text | None]
    min_open_interest: Mapped[Whole | None]
    min_volume: Mapped[Whole | None]
    max_bid_ask_pct: Mapped[Number | None]
    sigma_fwd_floor: Mapped[Number | None]
    stability_scans: Mapped[Whole | None]
    cooldown_minutes: Mapped[Whole | None]
    quiet_hours: Mapped[Json | None]
    preferred_structure: Mapped[Text | None]
    timezone: Mapped[Text | None]
    scan_priority: Mapped[Text | None]
    discovery_mode: Mapped[Truth | None] = mapped_column(default=False)
    ex_earnings: Mapped[Truth | None]
    alerts_paused: Mapped[Truth | None]
    discovery_ff_threshold: Mapped[Number | None]
    bankroll: Mapped[Number | None]
    win_rate: Mapped[Number | None]
    win_loss_ratio: Mapped[Number | None]


class Subscription(Base):
    """One ticker on one user's watchlist."""

    __tablename__ = "subscriptions"

    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    ticker: Mapped[Text] = mapped_column(primary_key=True)
    active: Mapped[Truth | None]
    added_at: Mapped[Instant | None]

    __table_args__ = (Index(None, "ticker"),)


class MasterTicker(Base):
    """A ticker somebody watches, and how often it is scanned."""

    __tablename__ = "master_tickers"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    active_subscriber_count: Mapped[Whole | None]
    last_scan_at: Mapped[Instant | None]
    scan_tier: Mapped[Text | None]
    last_scan_price: Mapped[Number | None]


class SignalUserDecision(Base):
    """What a user did with a signal, with a copy of the signal's facts.

    There is no foreign key to ``signals``: it is a hypertable, and compression and retention fail on one.
    The copy keeps what a user acted on when retention takes the signal itself.
    """

    __tablename__ = "signal_user_decisions"

    id: Mapped[Text] = mapped_column(primary_key=True)
    signal_id: Mapped[Text | None]
    user_id: Mapped[Text | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    decision: Mapped[Text | None]
    decision_ts: Mapped[Instant | None]
    decision_metadata: Mapped[Json | None]
    entry_price: Mapped[Number | None]
    exit_price: Mapped[Number | None]
    pnl: Mapped[Number | None]
    notes: Mapped[Text | None]
    signal_ticker: Mapped[Text | None]
    signal_as_of_ts: Mapped[Instant | None]
    signal_facts: Mapped[Json | None]
    structure: Mapped[Text | None]
    contracts: Mapped[Whole | None]
    closed_at: Mapped[Instant | None]

    __table_args__ = (Index(None, "signal_id"), Index(None, "user_id", "decision_ts"))


class SignalKey(Base):
    """The key of every signal ever written; it, not the hypertable, makes a signal unique.

    A unique index on a hypertable must hold its time column, so it could not stop a retried scan.
    """

    __tablename__ = "signal_keys"

    dedupe_key: Mapped[Text] = mapped_column(primary_key=True)
    signal_id: Mapped[Text]
    as_of_ts: Mapped[Instant]

    __table_args__ = (Index(None, "signal_id"),)


class ScanParameters(Base):
    """The rules a scan ran under, once each; what replays a stored candidate exactly."""

    __tablename__ = "scan_parameters"

    id: Mapped[Text] = mapped_column(primary_key=True)
    rules: Mapped[Json]


class EarningsEventRow(Base):
    """One announcement of one company."""

    __tablename__ = "earnings_events"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    announced_on: Mapped[Day] = mapped_column(primary_key=True)
    timing: Mapped[Text]
    is_confirmed: Mapped[Truth | None]
    source: Mapped[Text]
