"""Signals, candidates and term structures as they were stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row, Select, Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain, Rejection
from forward_factor.core.reasons import Reason
from forward_factor.services.ports import StoredScan
from forward_factor.services.record_views import SeriesPoint
from forward_factor.services.views import CandidateView, ExpiryView, SignalView
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.quote_columns import STORED_COLUMNS, Scales, contracts_from_rows
from forward_factor.storage.rules_json import earnings_from_json, rules_from_json
from forward_factor.storage.tables import (
    Candidate,
    OptionChainSnapshot,
    ScanParameters,
    Signal,
    TermStructurePoint,
    option_quotes,
    table_of,
)

VIEW_NAMES = {"as_of_ts": "as_of", "ff_value": "ff", "reason_codes": "reasons"}
View = TypeVar("View", CandidateView, SignalView, ExpiryView, SeriesPoint)


class SqlFindings:
    """What scans found, on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def signals(
        self, ticker: str | None = None, since: datetime | None = None, limit: int = 100
    ) -> Sequence[SignalView]:
        """Return the newest signals first."""
        table = table_of(Signal)
        statement = select(table).order_by(table.c.as_of_ts.desc(), table.c.ticker, table.c.id).limit(limit)
        if ticker is not None:
            statement = statement.where(table.c.ticker == ticker)
        if since is not None:
            statement = statement.where(table.c.as_of_ts >= since)
        return [view_of(SignalView, row) for row in await self._all(statement)]

    async def signals_of(self, tickers: Sequence[str], limit: int) -> Sequence[SignalView]:
        """Return the newest signals of some tickers first."""
        table = table_of(Signal)
        newest = select(table).order_by(table.c.as_of_ts.desc(), table.c.ticker, table.c.id).limit(limit)
        return [view_of(SignalView, row) for row in await self._all(newest.where(table.c.ticker.in_(tickers)))]

    async def signals_called(self, beginning: str) -> Sequence[SignalView]:
        """Return the signals whose id begins so, two at the most."""
        table = table_of(Signal)
        statement = select(table).where(table.c.id.startswith(beginning, autoescape=True)).limit(2)
        return [view_of(SignalView, row) for row in await self._all(statement)]

    async def last_scan(self, ticker: str, at: datetime | None = None) -> tuple[datetime, str] | None:
        """Return instant and provider of the ticker's last stored scan, of those at or before ``at``."""
        table = table_of(OptionChainSnapshot)
        statement = (
            select(table.c.as_of_ts, table.c.provider)
            .where(table.c.ticker == ticker)
            .order_by(table.c.as_of_ts.desc(), table.c.provider)
            .limit(1)
        )
        if at is not None:
            statement = statement.where(table.c.as_of_ts <= at)
        rows = await self._all(statement)
        return (rows[0].as_of_ts, rows[0].provider) if rows else None

    async def candidates(self, ticker: str, as_of: datetime, provider: str) -> Sequence[CandidateView]:
        """Return the candidates of one snapshot."""
        table = table_of(Candidate)
        statement = of_snapshot(table, ticker, as_of, provider).order_by(table.c.pair, table.c.vol_point)
        return [view_of(CandidateView, row) for row in await self._all(statement)]

    async def term_structure(self, ticker: str, as_of: datetime, provider: str) -> Sequence[ExpiryView]:
        """Return the expiries of one snapshot."""
        table = table_of(TermStructurePoint)
        statement = of_snapshot(table, ticker, as_of, provider).order_by(table.c.expiry)
        return [view_of(ExpiryView, row) for row in await self._all(statement)]

    async def stored_scan(self, signal: SignalView) -> StoredScan | None:
        """Return what ``signal`` was made from, None where it was not kept (signals of the old bot)."""
        if signal.provider is None:
            return None
        place = (signal.ticker, signal.as_of, signal.provider)
        candidate = table_of(Candidate)
        rows = await self._all(
            of_snapshot(candidate, *place).where(
                candidate.c.pair == signal.pair, candidate.c.vol_point == signal.vol_point
            )
        )
        headers = await self._all(of_snapshot(table_of(OptionChainSnapshot), *place))
        if not rows or not headers:
            return None
        rules = await self._all(select(ScanParameters.rules).where(ScanParameters.id == rows[0].parameters_id))
        stored = [option_quotes.c[name] for name in STORED_COLUMNS]
        in_order = (option_quotes.c[name] for name in ("expiry", "option_right", "strike", "occurrence"))
        quotes = await self._all(of_snapshot(option_quotes, *place).with_only_columns(*stored).order_by(*in_order))
        return StoredScan(
            chain=chain_of_rows(headers[0], quotes),
            surroundings=Surroundings(
                earnings=earnings_from_json(rows[0].known_earnings),
                is_stale=Reason.STALE_QUOTES.value in rows[0].reason_codes,
                digest=headers[0].quotes_digest or "",
            ),
            rules=rules_from_json(rules[0].rules),
            candidate=view_of(CandidateView, rows[0]),
        )

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with translated_faults():
            async with self._engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
                return rows


def of_snapshot(table: Table, ticker: str, as_of: datetime, provider: str) -> Select[Any]:
    """Return the rows of a table that belong to one snapshot."""
    return select(table).where(table.c.ticker == ticker, table.c.as_of_ts == as_of, table.c.provider == provider)


def chain_of_rows(header: Row[Any], quotes: Sequence[Row[Any]]) -> Chain:
    """Return a stored chain; ``quotes`` are rows of ``STORED_COLUMNS`` in the stored order."""
    scales = Scales(header.price_scale, header.strike_scale, header.iv_scale, header.delta_scale, header.count_scale)
    return Chain(
        ticker=header.ticker,
        as_of=header.as_of_ts,
        spot=header.underlying_price,
        provider=header.provider,
        contracts=contracts_from_rows(quotes, scales),
        rejected=tuple(Rejection(reason, rows) for reason, rows in (header.rejected or {}).items()),
    )


def view_of(kind: type[View], row: Row[Any]) -> View:
    """Return a stored row as a view whose fields are named like its columns, or like ``VIEW_NAMES`` says."""
    stored: Mapping[str, Any] = {VIEW_NAMES.get(name, name): value for name, value in row._asdict().items()}
    values: dict[str, Any] = {field.name: stored[field.name] for field in fields(kind)}
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return kind(**values)
