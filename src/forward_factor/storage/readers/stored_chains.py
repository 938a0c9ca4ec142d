"""Recorded chains of one ticker, and its term structures spread over a span."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.core.chain import Chain
from forward_factor.errors import NotFound
from forward_factor.services.chain_views import RecordedTicker, SnapshotView, StructureView
from forward_factor.services.views import ExpiryView
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.quote_columns import STORED_COLUMNS
from forward_factor.storage.readers.findings import chain_of_rows, of_snapshot, view_of
from forward_factor.storage.tables import OptionChainSnapshot, TermStructurePoint, option_quotes, table_of

RECENT = timedelta(days=7)
_HEADERS, _POINTS = table_of(OptionChainSnapshot), table_of(TermStructurePoint)
_OURS = _HEADERS.c.price_scale.is_not(None)
"""What the old bot left has a header, but neither quotes nor scales."""
_HEADER_COLUMNS = ("as_of_ts", "provider", "underlying_price", "contracts_kept", "contracts_seen", "is_stale")


class SqlStoredChains:
    """Recorded chains, on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def recorded(self, limit: int) -> Sequence[RecordedTicker]:
        """Return tickers with chains of the last recorded week, the latest first."""
        last = (await self._all(select(func.max(_HEADERS.c.as_of_ts).label("at")).where(_OURS)))[0].at
        if last is None:
            return []
        last_at = func.max(_HEADERS.c.as_of_ts).label("last_at")
        recent = (
            select(_HEADERS.c.ticker, last_at, func.count().label("snapshots"))
            .where(_HEADERS.c.as_of_ts >= last - RECENT, _OURS)
            .group_by(_HEADERS.c.ticker)
            .order_by(last_at.desc(), _HEADERS.c.ticker)
            .limit(limit)
        )
        rows = await self._all(recent)
        return [RecordedTicker(ticker=row.ticker, last_at=row.last_at, snapshots=row.snapshots) for row in rows]

    async def snapshots(
        self, ticker: str, until: datetime | None, limit: int, provider: str | None = None
    ) -> Sequence[SnapshotView]:
        """Return headers at or before an instant, of one provider if it is named, the newest first."""
        columns = [_HEADERS.c[name] for name in _HEADER_COLUMNS]
        newest = (_HEADERS.c.as_of_ts.desc(), _HEADERS.c.provider)
        statement = select(*columns).where(_HEADERS.c.ticker == ticker, _OURS).order_by(*newest).limit(limit)
        if until is not None:
            statement = statement.where(_HEADERS.c.as_of_ts <= until)
        if provider is not None:
            statement = statement.where(_HEADERS.c.provider == provider)
        return [_snapshot(row) for row in await self._all(statement)]

    async def chain(self, ticker: str, snapshot: SnapshotView) -> Chain:
        """Return a stored chain with the quotes that are still kept."""
        place = (ticker, snapshot.as_of, snapshot.provider)
        stored = [option_quotes.c[name] for name in STORED_COLUMNS]
        in_order = (option_quotes.c[name] for name in ("expiry", "option_right", "strike", "occurrence"))
        headers = await self._all(of_snapshot(_HEADERS, *place).where(_OURS))
        if not headers:
            raise NotFound(f"the chain of {ticker} at {snapshot.as_of:%Y-%m-%d %H:%M} UTC is not stored any more")
        quotes = await self._all(of_snapshot(option_quotes, *place).with_only_columns(*stored).order_by(*in_order))
        return chain_of_rows(headers[0], quotes)

    async def structures(self, ticker: str, since: datetime, until: datetime, limit: int) -> Sequence[StructureView]:
        """Return at most ``limit`` term structures spread evenly over the scans of a span, the oldest first."""
        within = (_POINTS.c.ticker == ticker, _POINTS.c.as_of_ts >= since, _POINTS.c.as_of_ts < until)
        moments = select(_POINTS.c.as_of_ts.label("at")).where(*within).distinct().subquery()
        tiles = select(moments.c.at, func.ntile(limit).over(order_by=moments.c.at).label("tile")).subquery()
        chosen = select(func.max(tiles.c.at)).group_by(tiles.c.tile)
        in_order = (_POINTS.c.as_of_ts, _POINTS.c.provider, _POINTS.c.expiry)
        rows = await self._all(select(_POINTS).where(*within, _POINTS.c.as_of_ts.in_(chosen)).order_by(*in_order))
        return [
            StructureView(as_of=as_of, provider=provider, expiries=[view_of(ExpiryView, row) for row in points])
            for (as_of, provider), points in groupby(rows, key=lambda row: (row.as_of_ts, row.provider))
        ]

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with translated_faults():
            async with self._engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
                return rows


def _snapshot(row: Row[Any]) -> SnapshotView:
    return SnapshotView(
        as_of=row.as_of_ts,
        provider=row.provider or "",
        spot=row.underlying_price,
        contracts=row.contracts_kept or 0,
        contracts_seen=row.contracts_seen or 0,
        is_stale=bool(row.is_stale),
    )
