"""The running system: what is due, what is owed to whom, and who is at work."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from forward_factor.storage.tables.base import Base, BigWhole, Day, Instant, Json, Number, Text, Truth, Whole


class ScanSlot(Base):
    """One time at which a ticker was due, and what became of it: no slot is without an answer.

    ``state`` is open, done, failed or missed; ``starts`` counts how often a worker began it, so that a ticker that
    kills its worker is given up.
    """

    __tablename__ = "scan_slots"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    due_at: Mapped[Instant] = mapped_column(primary_key=True)
    cause: Mapped[Text]
    tier: Mapped[Text]
    state: Mapped[Text]
    starts: Mapped[Whole]
    finished_at: Mapped[Instant | None]
    reason: Mapped[Text | None]

    __table_args__ = (Index(None, "state", "due_at"), Index(None, "due_at"))


class Notification(Base):
    """Something a user is to be told; written in the transaction of what it tells.

    ``state`` is waiting (for the end of quiet hours), open or digested; ``digest_id`` names the digest it went into.
    """

    __tablename__ = "notifications"

    id: Mapped[Text] = mapped_column(primary_key=True)
    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[Text]
    dedupe_key: Mapped[Text] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    due_at: Mapped[Instant]
    state: Mapped[Text]
    ticker: Mapped[Text | None]
    signal_id: Mapped[Text | None]
    facts: Mapped[Json]
    digest_id: Mapped[Text | None]

    __table_args__ = (Index(None, "user_id", "created_at"), Index(None, "state", "due_at"))


class Delivery(Base):
    """A notification on its way to one chat.

    ``state`` is open, sending, sent or failed. One that a later process finds sending may have arrived. A chat's
    deliveries go out by ``position``: the microsecond of creation, and the place among those of that microsecond.
    """

    __tablename__ = "deliveries"

    notification_id: Mapped[Text] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[Text] = mapped_column(primary_key=True)
    position: Mapped[BigWhole]
    state: Mapped[Text]
    attempts: Mapped[Whole]
    next_try_at: Mapped[Instant]
    claimed_until: Mapped[Instant | None]
    sent_at: Mapped[Instant | None]
    message_id: Mapped[Text | None]
    error: Mapped[Text | None]

    __table_args__ = (Index(None, "state", "next_try_at"), Index(None, "chat_id", "state", "position"))


class AlertMark(Base):
    """The last alert of a user on a ticker's two expiries, at whatever vol point; what a cooldown is counted from.

    ``alerted_at`` is the instant of the scan it was about.
    """

    __tablename__ = "alert_marks"

    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    ticker: Mapped[Text] = mapped_column(primary_key=True)
    front_expiry: Mapped[Day] = mapped_column(primary_key=True)
    back_expiry: Mapped[Day] = mapped_column(primary_key=True)
    alerted_at: Mapped[Instant]
    ff_value: Mapped[Number]

    __table_args__ = (Index(None, "ticker"),)


class Reminder(Base):
    """Something to say about an open position at its time; ``state`` is open, sent, missed or cancelled."""

    __tablename__ = "reminders"

    id: Mapped[Text] = mapped_column(primary_key=True)
    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    decision_id: Mapped[Text] = mapped_column(ForeignKey("signal_user_decisions.id", ondelete="CASCADE"))
    kind: Mapped[Text]
    dedupe_key: Mapped[Text] = mapped_column(unique=True)
    due_at: Mapped[Instant]
    useful_until: Mapped[Instant]
    state: Mapped[Text]
    settled_at: Mapped[Instant | None]
    facts: Mapped[Json]

    __table_args__ = (Index(None, "state", "due_at"), Index(None, "user_id"), Index(None, "decision_id"))


class CorporateAction(Base):
    """A dividend (``amount`` dollars a share) or split (``ratio`` new shares for one) by its ex-date."""

    __tablename__ = "corporate_actions"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    kind: Mapped[Text] = mapped_column(primary_key=True)
    effective_on: Mapped[Day] = mapped_column(primary_key=True)
    amount: Mapped[Number | None]
    ratio: Mapped[Number | None]
    source: Mapped[Text]


class UniverseMember(Base):
    """A ticker of the liquid universe that discovery scans, as of its last refresh."""

    __tablename__ = "universe"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    dollar_volume: Mapped[Number]
    rank: Mapped[Whole]
    is_optionable: Mapped[Truth | None]
    optionable_checked_on: Mapped[Day | None]
    is_member: Mapped[Truth]
    refreshed_on: Mapped[Day]


class ProviderBudget(Base):
    """When the next request to a provider may start, for all processes together."""

    __tablename__ = "provider_budgets"

    provider: Mapped[Text] = mapped_column(primary_key=True)
    next_free_at: Mapped[Instant]


class BacktestRun(Base):
    """A backtest that a user had run; ``state`` is running, done or failed.

    Who runs it writes ``seen_at`` every few seconds: one not seen for long was lost with its process.
    """

    __tablename__ = "backtest_runs"

    id: Mapped[Text] = mapped_column(primary_key=True)
    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[Instant]
    state: Mapped[Text]
    progress: Mapped[Number]
    seen_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    parameters: Mapped[Json]
    headline: Mapped[Json | None]
    warnings: Mapped[Json | None]
    result: Mapped[Json | None]
    error: Mapped[Text | None]

    __table_args__ = (Index(None, "user_id", "created_at"), Index(None, "state", "seen_at"))


class ServiceHeartbeat(Base):
    """A process at work, and when it last said so."""

    __tablename__ = "service_heartbeats"

    service: Mapped[Text] = mapped_column(primary_key=True)
    instance: Mapped[Text] = mapped_column(primary_key=True)
    started_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    state: Mapped[Json | None]
