"""The time series: hypertables on TimescaleDB, plain tables elsewhere. No foreign key leads into them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, SmallInteger, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from forward_factor.storage.tables.base import (
    Base,
    BigWhole,
    Day,
    Instant,
    Json,
    Number,
    SmallWhole,
    Text,
    Truth,
    Whole,
)
from forward_factor.storage.types import UtcDateTime


class Signal(Base):
    """A candidate that passed every gate."""

    __tablename__ = "signals"

    id: Mapped[Text] = mapped_column(primary_key=True)
    as_of_ts: Mapped[Instant] = mapped_column(primary_key=True)
    ticker: Mapped[Text]
    front_expiry: Mapped[Day | None]
    back_expiry: Mapped[Day | None]
    front_dte: Mapped[Whole | None]
    back_dte: Mapped[Whole | None]
    front_iv: Mapped[Number | None]
    back_iv: Mapped[Number | None]
    sigma_fwd: Mapped[Number | None]
    ff_value: Mapped[Number | None]
    vol_point: Mapped[Text | None]
    quality_score: Mapped[Number | None]
    reason_codes: Mapped[Json | None]
    dedupe_key: Mapped[Text | None]
    underlying_price: Mapped[Number | None]
    provider: Mapped[Text | None]
    is_discovery: Mapped[Truth | None] = mapped_column(default=False)
    pair: Mapped[Text | None]
    ff_low: Mapped[Number | None]
    ff_high: Mapped[Number | None]
    ff_ex_earnings: Mapped[Number | None]
    flags: Mapped[Json | None]
    parameters_id: Mapped[Text | None]

    __table_args__ = (
        Index(None, "ticker", "as_of_ts"),
        Index(None, "as_of_ts"),
        Index(None, "ff_value"),
    )


class OptionChainSnapshot(Base):
    """The header of one chain at one instant; its quotes are in ``option_quotes``.

    ``*_scale`` says how the integers of the quotes read: digits after the point, or -1 for raw float64 bits.
    ``crossed`` and ``rejected_rows`` are counts over the whole chain, null where nobody counted (before level 0008).
    """

    __tablename__ = "option_chain_snapshots"

    id: Mapped[Text] = mapped_column(primary_key=True)
    as_of_ts: Mapped[Instant] = mapped_column(primary_key=True)
    ticker: Mapped[Text]
    provider: Mapped[Text | None]
    underlying_price: Mapped[Number | None]
    raw_payload: Mapped[Json | None]
    quality_score: Mapped[Number | None]
    contracts_seen: Mapped[Whole | None]
    contracts_kept: Mapped[Whole | None]
    kept: Mapped[Text | None]
    rejected: Mapped[Json | None]
    quotes_digest: Mapped[Text | None]
    is_stale: Mapped[Truth | None]
    price_scale: Mapped[SmallWhole | None]
    strike_scale: Mapped[SmallWhole | None]
    iv_scale: Mapped[SmallWhole | None]
    delta_scale: Mapped[SmallWhole | None]
    count_scale: Mapped[SmallWhole | None]
    crossed: Mapped[Whole | None]
    rejected_rows: Mapped[Whole | None]

    __table_args__ = (UniqueConstraint("ticker", "as_of_ts", "provider"),)


option_quotes = Table(
    "option_quotes",
    Base.metadata,
    Column("as_of_ts", UtcDateTime, nullable=False),
    Column("ticker", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("expiry", Date, nullable=False),
    Column("option_right", String, nullable=False),
    Column("strike", BigInteger, nullable=False),
    Column("bid", BigInteger),
    Column("ask", BigInteger),
    Column("last", BigInteger),
    Column("volume", BigInteger),
    Column("open_interest", BigInteger),
    Column("iv", BigInteger),
    Column("delta", BigInteger),
    Column("occurrence", SmallInteger, nullable=False),
    Index(None, "ticker", "as_of_ts"),
)
"""One contract of one snapshot an entry, in fixed point (the scales are in the snapshot's header).

It has no key: the header is inserted first, in the same transaction, and makes a snapshot unique. It is
never mapped to objects; ``storage.quotes`` moves it in columns.
"""


class TermStructurePoint(Base):
    """One expiry of one snapshot: forward and vol points."""

    __tablename__ = "term_structure"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    as_of_ts: Mapped[Instant] = mapped_column(primary_key=True)
    provider: Mapped[Text] = mapped_column(primary_key=True)
    expiry: Mapped[Day] = mapped_column(primary_key=True)
    dte: Mapped[Whole]
    forward: Mapped[Number]
    atm_iv: Mapped[Number | None]
    atm_iv_bid: Mapped[Number | None]
    atm_iv_ask: Mapped[Number | None]
    put_35d_iv: Mapped[Number | None]
    put_35d_iv_bid: Mapped[Number | None]
    put_35d_iv_ask: Mapped[Number | None]
    call_35d_iv: Mapped[Number | None]
    call_35d_iv_bid: Mapped[Number | None]
    call_35d_iv_ask: Mapped[Number | None]
    flags: Mapped[Json | None]


class Candidate(Base):
    """One pair and vol point of one snapshot, signal or not, with every reason."""

    __tablename__ = "candidates"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    as_of_ts: Mapped[Instant] = mapped_column(primary_key=True)
    provider: Mapped[Text] = mapped_column(primary_key=True)
    pair: Mapped[Text] = mapped_column(primary_key=True)
    vol_point: Mapped[Text] = mapped_column(primary_key=True)
    front_expiry: Mapped[Day | None]
    back_expiry: Mapped[Day | None]
    front_dte: Mapped[Whole | None]
    back_dte: Mapped[Whole | None]
    front_iv: Mapped[Number | None]
    back_iv: Mapped[Number | None]
    sigma_fwd: Mapped[Number | None]
    ff_value: Mapped[Number | None]
    ff_low: Mapped[Number | None]
    ff_high: Mapped[Number | None]
    front_iv_ex_earnings: Mapped[Number | None]
    back_iv_ex_earnings: Mapped[Number | None]
    ff_ex_earnings: Mapped[Number | None]
    earnings_on: Mapped[Day | None]
    bid_ask_pct: Mapped[Number | None]
    open_interest: Mapped[Number | None]
    volume: Mapped[Number | None]
    quality_score: Mapped[Number | None]
    reason_codes: Mapped[Json]
    flags: Mapped[Json]
    is_signal: Mapped[Truth]
    known_earnings: Mapped[Json | None]
    parameters_id: Mapped[Text]


class OHLCVBar(Base):
    """Open, high, low, close and volume of a ticker over one timeframe (1min, 1hour, 1day)."""

    __tablename__ = "ohlcv_bars"

    ticker: Mapped[Text] = mapped_column(primary_key=True)
    timeframe: Mapped[Text] = mapped_column(primary_key=True)
    timestamp: Mapped[Instant] = mapped_column(primary_key=True)
    open: Mapped[Number]
    high: Mapped[Number]
    low: Mapped[Number]
    close: Mapped[Number]
    volume: Mapped[BigWhole]
