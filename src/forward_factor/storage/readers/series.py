"""Time series from beginning to end: a cursor of the server's over rows, and quotes as the history reads them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.services.ports.history import Span
from forward_factor.services.quote_table import tabulate_quotes
from forward_factor.services.series import COLUMNS, Kind, Series, SeriesBatch, SeriesRequest
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.readers.findings import VIEW_NAMES
from forward_factor.storage.readers.history import SqlChainHistory
from forward_factor.storage.tables import (
    Candidate,
    OHLCVBar,
    OptionChainSnapshot,
    Signal,
    TermStructurePoint,
    table_of,
)

ROWS_A_BATCH = 10_000
_TABLES: Mapping[Series, Table] = {
    Series.SIGNALS: table_of(Signal),
    Series.CANDIDATES: table_of(Candidate),
    Series.TERM_STRUCTURE: table_of(TermStructurePoint),
    Series.SNAPSHOTS: table_of(OptionChainSnapshot),
    Series.BARS: table_of(OHLCVBar),
}


class SqlSeries:
    """The time series of any of the three stores; rows come out of one transaction, quotes of many short ones."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads_only=True)

    async def read(self, wanted: SeriesRequest) -> AsyncGenerator[SeriesBatch, None]:
        """Yield a series by instant, one batch at least.

        Raises:
            InvalidInput: a ticker's quotes were recorded by several providers, and none was named.

        """
        batches = self._quotes(wanted) if wanted.series is Series.QUOTES else self._rows(wanted)
        async for batch in batches:
            yield batch

    async def quotes_kept(self, wanted: SeriesRequest) -> int:
        """Return how many quotes the snapshots in question say they have."""
        table = table_of(OptionChainSnapshot)
        total = select(func.coalesce(func.sum(table.c.contracts_kept), 0)).where(*_conditions(table, wanted))
        with translated_faults():
            async with self._reading.connect() as connection:
                return int((await connection.execute(total)).scalar_one())

    async def _quotes(self, wanted: SeriesRequest) -> AsyncIterator[SeriesBatch]:
        span = Span(since=wanted.since, until=wanted.until)
        async for step in SqlChainHistory(self._engine, wanted.provider).read(wanted.tickers, span):
            yield SeriesBatch(tabulate_quotes([one.chain for one in step.chains]), step.done, step.failures)

    async def _rows(self, wanted: SeriesRequest) -> AsyncIterator[SeriesBatch]:
        table = _TABLES[wanted.series]
        names = list(COLUMNS[wanted.series])
        where = _conditions(table, wanted)
        statement = select(*(_stored(table, name) for name in names)).where(*where).order_by(*_order(table))
        with translated_faults():
            async with self._reading.connect() as connection:
                count = (await connection.execute(select(func.count()).select_from(table).where(*where))).scalar_one()
                done = 0
                yield SeriesBatch({name: [] for name in names}, 0.0 if count else 1.0)
                rows = await connection.stream(statement, execution_options={"yield_per": ROWS_A_BATCH})
                async for some in rows.partitions():
                    done += len(some)
                    yield SeriesBatch(_columns(wanted.series, some), min(done / max(count, 1), 1.0))


def _stored(table: Table, name: str) -> Column[Any]:
    return table.c[_STORED_NAMES.get(name, name)]


_STORED_NAMES = {view: stored for stored, view in VIEW_NAMES.items()} | {"at": "timestamp"}


def _instant(table: Table) -> Column[Any]:
    return table.c.timestamp if "timestamp" in table.c else table.c.as_of_ts


def _order(table: Table) -> list[Column[Any]]:
    """Return the order of a series: by instant, and by its key among those of one instant."""
    instant = _instant(table)
    return [instant, *(column for column in table.primary_key if column.name != instant.name)]


def _conditions(table: Table, wanted: SeriesRequest) -> list[ColumnElement[bool]]:
    instant = _instant(table)
    equal = {"pair": wanted.pair, "vol_point": wanted.vol_point, "timeframe": wanted.timeframe}
    found = [table.c[name] == str(value) for name, value in equal.items() if value is not None]
    if wanted.provider is not None:
        found.append(table.c.provider == wanted.provider)
    if wanted.tickers:
        found.append(table.c.ticker.in_(wanted.tickers))
    if wanted.since is not None:
        found.append(instant >= wanted.since)
    if wanted.until is not None:
        found.append(instant < wanted.until)
    return found


def _columns(series: Series, rows: Sequence[Row[Any]]) -> dict[str, Sequence[Any]]:
    columns = dict(zip(COLUMNS[series], zip(*rows, strict=True), strict=True))
    for name, kind in COLUMNS[series].items():
        if kind is Kind.WORDS:
            columns[name] = tuple([] if words is None else list(words) for words in columns[name])
    return dict(columns)
