"""Bars of a timeframe: those that are stored as such, and where there are none those made from minutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Double, MetaData, Row, Select, String, Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.core import market_hours
from forward_factor.core.bars import Timeframe
from forward_factor.core.chain import new_york_date
from forward_factor.services.record_views import BarView
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.tables import OHLCVBar, table_of
from forward_factor.storage.types import UtcDateTime

_STORED = table_of(OHLCVBar)


def _view(name: str, prices: Sequence[str], amounts: Sequence[str]) -> Table:
    numbers = [*(Column(one, Double) for one in prices), *(Column(one, BigInteger) for one in amounts)]
    return Table(name, MetaData(), Column("ticker", String), Column("bucket", UtcDateTime), *numbers)


_PRICES, _AMOUNTS = ("open", "high", "low", "close"), ("volume", "minutes")
_EARLY_PRICES, _EARLY_AMOUNTS = ("early_high", "early_low", "early_close"), ("early_volume", "early_minutes")
_MADE = {
    Timeframe.HOUR: _view("bars_hourly", _PRICES, _AMOUNTS),
    Timeframe.DAY: _view("bars_daily", (*_PRICES, *_EARLY_PRICES), (*_AMOUNTS, *_EARLY_AMOUNTS)),
}
_EARLY_LENGTH = timedelta(hours=3.5)


class SqlBars:
    """Bars on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def bars(
        self, ticker: str, timeframe: Timeframe, since: datetime | None, until: datetime | None, limit: int
    ) -> Sequence[BarView]:
        """Return the newest bars of a span, the oldest first; ``until`` is left out."""
        at = _STORED.c.timestamp
        stored = select(_STORED).where(_STORED.c.ticker == ticker, _STORED.c.timeframe == timeframe.value)
        rows = await self._all(stored.where(*_within(at, since, until)).order_by(at.desc()).limit(limit))
        found = {row.timestamp: _stored_bar(row) for row in rows}
        if timeframe in _MADE:
            made = await self._made(ticker, timeframe, since, until, limit)
            found = {bar.at: bar for bar in made} | found
        return [found[one] for one in sorted(found)][-limit:]

    async def _made(
        self, ticker: str, timeframe: Timeframe, since: datetime | None, until: datetime | None, limit: int
    ) -> list[BarView]:
        view = _MADE[timeframe]
        of_span = select(view).where(view.c.ticker == ticker, *_within(view.c.bucket, since, until))
        rows = await self._all(of_span.order_by(view.c.bucket.desc()).limit(limit))
        if timeframe is Timeframe.HOUR:
            return [_made_bar(row, row.high, row.low, row.close, row.volume, row.minutes) for row in rows]
        return [bar for row in rows if (bar := _day(row)) is not None]

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with translated_faults():
            async with self._engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
                return rows


def _within(column: Column[Any], since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def _stored_bar(row: Row[Any]) -> BarView:
    return BarView(at=row.timestamp, open=row.open, high=row.high, low=row.low, close=row.close, volume=row.volume)


def _day(row: Row[Any]) -> BarView | None:
    """Return a day's bar; None where the exchange was closed, or closed before the first minute there is."""
    session = market_hours.session_on(new_york_date(row.bucket))
    if session is None:
        return None
    if session.length > _EARLY_LENGTH:
        return _made_bar(row, row.high, row.low, row.close, row.volume, row.minutes)
    if not row.early_minutes:
        return None
    return _made_bar(row, row.early_high, row.early_low, row.early_close, row.early_volume, row.early_minutes)


def _made_bar(row: Row[Any], high: float, low: float, close: float, volume: int, minutes: int) -> BarView:
    return BarView(at=row.bucket, open=row.open, high=high, low=low, close=close, volume=volume, minutes=minutes)
