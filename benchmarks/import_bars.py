"""How fast a file of minute bars reaches a store, in rows a second of wall time.

The baseline is one bare binary COPY of the same rows, encoded beforehand, into the same empty table in one transaction;
on SQLite one ``executemany`` of the standard library with the same tuples. "Store" starts from columns;
"with hours and days" ends when the aggregates are up to date; "import" does so too, and starts from the CSV file;
"import again" changes nothing.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy.engine import make_url

from benchmarks.figures import Figure, Work, take_turns
from benchmarks.stores import OpenStore, embedded_postgresql, native_timescale, sqlite
from forward_factor.core.bars import Bars, BarTable, Timeframe
from forward_factor.core.market_hours import trading_days_between
from forward_factor.providers.files.bars import read_bars
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.import_bars import ROWS_A_BATCH, import_bars
from forward_factor.storage.copy_format import SIGNATURE, TRAILER
from forward_factor.storage.repositories.bars import NAMES, copy_parts, tuples_of
from forward_factor.storage.tables import OHLCVBar, table_of

ROUNDS = 3
PIECE = 1 << 19
BARE = {"sqlite": "bare sqlite3 executemany", "postgresql": "bare binary COPY"}
STORE, ROLLED, IMPORT, AGAIN = "store", "with hours and days", "import", "import again"
_TABLE = table_of(OHLCVBar).name


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """The same bars as a file, as columns, and in the form each baseline takes."""

    path: Path
    table: BarTable
    encoded: bytes
    tuples: Sequence[tuple[Any, ...]]


def measure(tickers: int = 3) -> list[Figure]:
    """Return figures for every store that is fast enough to tell."""
    with tempfile.TemporaryDirectory() as folder:
        load = _load(Path(folder) / "bars.csv", tickers)
        figures: list[Figure] = []
        with embedded_postgresql() as store:
            figures += _measure(store, load)
        with native_timescale() as native:
            figures += _measure(native, load) if native else []
        with sqlite() as store:
            return figures + _measure(store, load)


def _measure(opened: OpenStore, load: Load) -> list[Figure]:
    rows, engine = len(load.table.bars), opened.store.capabilities.engine
    bare = _insert_tuples if engine == "sqlite" else _copy_encoded
    works: dict[str, Work] = {
        STORE: _timed(opened, lambda: _put(opened, load.table)),
        ROLLED: _timed(opened, lambda: _store(opened, load.table)),
        BARE[engine]: _timed(opened, lambda: bare(opened, load)),
        IMPORT: _timed(opened, lambda: _import(opened, load)),
        AGAIN: _timed(opened, lambda: _import(opened, load), before=lambda: _store(opened, load.table)),
    }
    timings = take_turns(works, ROUNDS)
    return [
        Figure(
            f"{opened.name}, {rows:,} minute bars: {work}",
            timings.rate(work, rows),
            "rows/s",
            timings.baseline(BARE[engine], work, rows),
        )
        for work in (STORE, ROLLED, IMPORT, AGAIN)
    ]


def _timed(
    opened: OpenStore, work: Callable[[], Awaitable[None]], before: Callable[[], Awaitable[None]] | None = None
) -> Work:
    async def run() -> float:
        if before is not None:
            await before()
        start = time.perf_counter()
        await work()
        seconds = time.perf_counter() - start
        empty = "DELETE FROM" if opened.store.capabilities.engine == "sqlite" else "TRUNCATE"
        await opened.execute(f"{empty} {_TABLE}")
        return seconds

    return lambda: opened.runner.run(run())


async def _put(opened: OpenStore, table: BarTable) -> None:
    for start in range(0, len(table.bars), ROWS_A_BATCH):
        async with opened.store.unit_of_work() as work:
            await work.bars.put(Timeframe.MINUTE, table.take(slice(start, start + ROWS_A_BATCH)))
            await work.commit()


async def _store(opened: OpenStore, table: BarTable) -> None:
    await import_bars(opened.store, Timeframe.MINUTE, table)


async def _import(opened: OpenStore, load: Load) -> None:
    reading = read_bars(load.path, Timeframe.MINUTE, None, lambda _done, _of: None)
    await import_bars(opened.store, reading.timeframe, reading.table)


async def _copy_encoded(opened: OpenStore, load: Load) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(load.encoded), PIECE):
            yield load.encoded[start : start + PIECE]

    async with opened.store.engine.begin() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.copy_to_table(_TABLE, source=pieces(), columns=list(NAMES), format="binary")


async def _insert_tuples(opened: OpenStore, load: Load) -> None:
    places = ", ".join("?" for _ in NAMES)
    with closing(sqlite3.connect(make_url(opened.url).database or "", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO {_TABLE} ({', '.join(NAMES)}) VALUES ({places})", load.tuples)
        connection.execute("COMMIT")


def _load(path: Path, tickers: int) -> Load:
    market = SimulatedMarket(size=tickers)
    first = trading_days_between(date(2026, 1, 2), date(2026, 3, 31))
    days = [(ticker, market.bars(ticker, Timeframe.MINUTE, day)) for ticker in market.tickers for day in first]
    bars = Bars.concatenate([bars for _, bars in days])
    names = [ticker for ticker, of_day in days for _ in range(len(of_day))]
    table = pl.DataFrame(
        {"ticker": names, "timestamp": bars.at, "open": bars.open, "high": bars.high, "low": bars.low}
        | {"close": bars.close, "volume": bars.volume.astype("int64")}
    )
    table.with_columns(pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(path)
    read = read_bars(path, Timeframe.MINUTE, None, lambda _done, _of: None).table
    encoded = b"".join([SIGNATURE, *copy_parts(Timeframe.MINUTE, read), TRAILER])
    return Load(path, read, encoded, tuples_of(Timeframe.MINUTE, read))
