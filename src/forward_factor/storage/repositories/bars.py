"""Bars into their table, from columns to the wire without an object a row on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import MetaData, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core import market_hours
from forward_factor.core.bars import Bars, BarTable, Timeframe, as_numpy, day_begins
from forward_factor.core.chain import new_york_date
from forward_factor.storage import bulk
from forward_factor.storage.copy_format import POSTGRES_EPOCH, CopyColumn, encode_rows, text_column
from forward_factor.storage.tables import OHLCVBar, table_of

_BARS = table_of(OHLCVBar)
NAMES = tuple(column.name for column in _BARS.c)
_NUMBERS = ("open", "high", "low", "close", "volume")
_ARRIVING = _BARS.to_metadata(MetaData(), name="arriving_bars")
_ROWS_AT_ONCE = 10_000
_INSTEAD = (
    "ON CONFLICT (ticker, timeframe, timestamp) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _NUMBERS)
    + " WHERE "
    + " OR ".join(f"ohlcv_bars.{name} <> excluded.{name}" for name in _NUMBERS)
)
_LISTED = ", ".join(NAMES)


class SqlBarRepository:
    """Bars on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, timeframe: Timeframe, table: BarTable) -> int:
        """Store bars, each once, in place of those of the same ticker and time; return how many are new or other."""
        if not len(table.bars):
            return 0
        if self._connection.dialect.name == "postgresql":
            return await self._copy(timeframe, table)
        statement = f"INSERT INTO ohlcv_bars ({_LISTED}) VALUES ({', '.join('?' for _ in NAMES)}) {_INSTEAD}"
        done = await self._connection.exec_driver_sql(statement, tuples_of(timeframe, table))
        return done.rowcount

    async def days_stored(self, ticker: str, timeframe: Timeframe, first: date, last: date) -> Collection[date]:
        """Return the New York dates from ``first`` to ``last`` that have bars."""
        instants = await self._instants(ticker, timeframe, day_begins(first), day_begins(last + timedelta(days=1)))
        if timeframe is Timeframe.DAY:
            return {new_york_date(one) for one in instants}
        return {day for one in instants if (day := _day_of_session(one)) is not None}

    async def _copy(self, timeframe: Timeframe, table: BarTable) -> int:
        """COPY into a table of this transaction alone, and from there in one statement."""
        await self._connection.execute(
            text("CREATE TEMPORARY TABLE arriving_bars (LIKE ohlcv_bars INCLUDING DEFAULTS) ON COMMIT DROP")
        )
        await bulk.copy_rows(self._connection, _ARRIVING, NAMES, copy_parts(timeframe, table))
        done = await self._connection.execute(
            text(f"INSERT INTO ohlcv_bars ({_LISTED}) SELECT {_LISTED} FROM arriving_bars {_INSTEAD}")
        )
        await self._connection.execute(text("DROP TABLE arriving_bars"))
        return done.rowcount

    async def _instants(self, ticker: str, timeframe: Timeframe, first: datetime, end: datetime) -> list[datetime]:
        """Return when the bars of a span begin; of minutes and hours only which hours have some."""
        at = _BARS.c.timestamp
        of_span = (_BARS.c.ticker == ticker, _BARS.c.timeframe == timeframe.value, at >= first, at < end)
        if timeframe is Timeframe.DAY:
            statement = select(at).where(*of_span)
        elif self._connection.dialect.name == "postgresql":
            statement = select(func.date_trunc("hour", at, "UTC", type_=at.type)).distinct().where(*of_span)
        else:
            hour = func.strftime("%Y-%m-%d %H:00:00.000000", at, type_=at.type)
            statement = select(hour).distinct().where(*of_span)
        return list((await self._connection.execute(statement)).scalars())


def _day_of_session(hour: datetime) -> date | None:
    session = market_hours.session_on(new_york_date(hour))
    return session.day if session is not None and session.opens_at <= hour < session.closes_at else None


def copy_parts(timeframe: Timeframe, table: BarTable) -> Iterator[bytes]:
    """Yield bars as COPY has them, some thousand at a time, in the order of ``NAMES``."""
    for start in range(0, len(table.bars), _ROWS_AT_ONCE):
        yield _encode(timeframe, table.take(slice(start, start + _ROWS_AT_ONCE)))


def _encode(timeframe: Timeframe, table: BarTable) -> bytes:
    bars, rows = table.bars, len(table.bars)
    names = np.array([ticker.encode() for ticker in table.tickers])
    lengths = np.char.str_len(names).astype(np.int16)
    begins = (bars.at - as_numpy(POSTGRES_EPOCH)).astype(np.int64)
    columns = (
        CopyColumn(names.dtype.str, names[table.ticker], lengths[table.ticker]),
        text_column([timeframe.value], [rows]),
        CopyColumn(">i8", begins),
        *(CopyColumn(">f8", values) for values in (bars.open, bars.high, bars.low, bars.close)),
        CopyColumn(">i8", bars.volume.astype(np.int64)),
    )
    return encode_rows(columns, rows)


def tuples_of(timeframe: Timeframe, table: BarTable) -> list[tuple[Any, ...]]:
    """Return bars as SQLite has them, instants as text."""
    bars: Bars = table.bars
    names = [table.tickers[place] for place in table.ticker.tolist()]
    texts = np.char.replace(np.datetime_as_string(bars.at, "us"), "T", " ").tolist()
    numbers = (values.tolist() for values in (bars.open, bars.high, bars.low, bars.close))
    volumes = bars.volume.astype(np.int64).tolist()
    return list(zip(names, [timeframe.value] * len(names), texts, *numbers, volumes, strict=True))
