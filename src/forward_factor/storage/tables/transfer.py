"""What a move keeps in its target: the run, the ledger of what is done, quarantined rows, and original spellings."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from forward_factor.storage.tables.base import Base, BigWhole, Instant, Json, Text


class TransferRun(Base):
    """The copy of one source into this store, however often it was begun again.

    ``suspended`` is what the load has put aside and must give back: jobs, keys, indexes, chunk intervals.
    """

    __tablename__ = "transfer_runs"

    id: Mapped[Text] = mapped_column(primary_key=True)
    suspended: Mapped[Json]
    state: Mapped[Text]
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]


class TransferRange(Base):
    """A part of a source table that was copied, committed in one transaction with its rows."""

    __tablename__ = "transfer_ranges"

    run_id: Mapped[Text] = mapped_column(ForeignKey("transfer_runs.id", ondelete="CASCADE"), primary_key=True)
    table_name: Mapped[Text] = mapped_column(primary_key=True)
    place: Mapped[Text] = mapped_column(primary_key=True)
    row_count: Mapped[BigWhole]
    refused_count: Mapped[BigWhole]
    digest_sum: Mapped[Text]
    source_digest: Mapped[Text]


class TransferSource(Base):
    """Where the rows of a run came from; it moves on with them, for the way back.

    ``source_schema`` are the statements that made it, ``spellings`` its instants without a fraction, by table.
    """

    __tablename__ = "transfer_sources"

    run_id: Mapped[Text] = mapped_column(primary_key=True)
    source: Mapped[Text]
    source_level: Mapped[Text]
    source_schema: Mapped[Json]
    spellings: Mapped[Json]


class TransferQuarantine(Base):
    """A row the target could not hold, verbatim, with the reason."""

    __tablename__ = "transfer_quarantine"

    run_id: Mapped[Text] = mapped_column(primary_key=True)
    table_name: Mapped[Text] = mapped_column(primary_key=True)
    row_place: Mapped[Text] = mapped_column(primary_key=True)
    range_place: Mapped[Text]
    row_key: Mapped[Text]
    reason: Mapped[Text]
    row_values: Mapped[Text]


class TransferOriginal(Base):
    """How a source spelled values of a row that this store holds in its own way."""

    __tablename__ = "transfer_originals"

    run_id: Mapped[Text] = mapped_column(primary_key=True)
    table_name: Mapped[Text] = mapped_column(primary_key=True)
    row_key: Mapped[Text] = mapped_column(primary_key=True)
    range_place: Mapped[Text]
    originals: Mapped[Text]
