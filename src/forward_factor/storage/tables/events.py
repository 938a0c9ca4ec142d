"""Events as they became known, what was fetched of them, and what splits changed about decisions."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from forward_factor.storage.tables.base import Base, Day, Instant, Number, Text, Truth, Whole


class EarningsWord(Base):
    """One word on an announcement, kept for ever; ``earnings_events`` holds what the words come to.

    ``is_withdrawn`` is the word that there is no announcement on that date any more.
    """

    __tablename__ = "earnings_words"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    announced_on: Mapped[Day] = mapped_column(primary_key=True)
    said_at: Mapped[Instant] = mapped_column(primary_key=True)
    timing: Mapped[Text]
    is_confirmed: Mapped[Truth | None]
    source: Mapped[Text]
    is_withdrawn: Mapped[Truth]


class EventFetch(Base):
    """The last time a provider was asked for one kind of a ticker's events, and why it gave none.

    The ticker ``*`` stands for all that are watched, asked for together.
    """

    __tablename__ = "event_fetches"

    provider: Mapped[Text] = mapped_column(primary_key=True)
    kind: Mapped[Text] = mapped_column(primary_key=True)
    ticker: Mapped[Text] = mapped_column(primary_key=True)
    start_on: Mapped[Day]
    end_on: Mapped[Day]
    fetched_at: Mapped[Instant]
    events: Mapped[Whole]
    failure: Mapped[Text | None]


class DecisionAdjustment(Base):
    """What a split changed about a decision, once each; a correction is a further ``revision``, no row ever changes.

    ``state`` is adjusted, taken_back or needs_look.
    """

    __tablename__ = "decision_adjustments"

    decision_id: Mapped[Text] = mapped_column(
        ForeignKey("signal_user_decisions.id", ondelete="CASCADE"), primary_key=True
    )
    effective_on: Mapped[Day] = mapped_column(primary_key=True)
    revision: Mapped[Whole] = mapped_column(primary_key=True)
    ticker: Mapped[Text]
    kind: Mapped[Text]
    ratio: Mapped[Number]
    state: Mapped[Text]
    reason: Mapped[Text]
    contracts_before: Mapped[Whole | None]
    contracts_after: Mapped[Whole | None]
    entry_price_before: Mapped[Number | None]
    entry_price_after: Mapped[Number | None]
    adjusted_at: Mapped[Instant]
