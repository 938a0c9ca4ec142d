"""How fast a scan's rows reach a store, in quote rows a second of wall time.

On PostgreSQL the baseline is one bare binary COPY of the same rows, encoded beforehand, into the same table in one
transaction; on SQLite one ``executemany`` of the standard library with the same tuples. "Quotes" starts from chains
(fixed point and encoding included), "whole scan" adds headers, term structures, candidates and signals, and is what
``ScanTickers`` does with a scanned batch. Computing is not in it. Both take a transaction a batch, as a scan does.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.figures import Figure, Timings, Work, share_at_least, take_turns
from benchmarks.markets import batches_of, light_market, liquid_name, scan
from benchmarks.stores import OpenStore, embedded_postgresql, native_timescale, sqlite, wasm_timescale
from forward_factor.core.chain import Chain
from forward_factor.core.rules import ScanRules
from forward_factor.core.scan import ScanBatch
from forward_factor.storage import bulk
from forward_factor.storage.copy_format import SIGNATURE, TRAILER
from forward_factor.storage.quote_columns import COLUMNS, QuoteColumns, copy_parts, quote_columns_of, value_columns
from forward_factor.storage.tables import option_quotes

TARGET_SHARE = 0.70
ROUNDS = 11
"""More than elsewhere: a server's own chores (checkpoints, vacuum) and a second process make times uneven."""
BARE_COPY = "bare binary COPY"
BARE_EXECUTEMANY = "bare sqlite3 executemany"
QUOTES = "quotes"
WHOLE_SCAN = "whole scan"
PIECE = 1 << 19
FILLED = (
    "option_quotes", "option_chain_snapshots", "term_structure", "candidates", "signals", "signal_keys",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """Scanned batches to store, and their quotes in the form each baseline takes."""

    name: str
    batches: Sequence[ScanBatch]
    rows: int
    encoded: bytes
    tuples: Sequence[tuple[Any, ...]]


def measure(tickers: int = 1_600, wasm_tickers: int = 160) -> list[Figure]:
    """Return figures for every store there is."""
    light = _load("light market", light_market(tickers))
    full = _load("SPY, full chains", liquid_name(100))
    figures: list[Figure] = []
    with embedded_postgresql() as store:
        figures += _measure_copy(store, light) + _measure_copy(store, full)
    with native_timescale() as native:
        figures += _measure_copy(native, light) + _measure_copy(native, full) if native else []
    with wasm_timescale() as wasm:
        figures += _measure_copy(wasm, _load("light market", light_market(wasm_tickers))) if wasm else []
    with sqlite() as store:
        return figures + _measure_sqlite(store, light) + _measure_sqlite(store, full)


def _measure_copy(opened: OpenStore, load: Load) -> list[Figure]:
    works: dict[str, Work] = {
        QUOTES: _timed(opened, lambda: _store_quotes(opened, load)),
        BARE_COPY: _timed(opened, lambda: _copy_encoded(opened, load)),
        WHOLE_SCAN: _timed(opened, lambda: _store_scan(opened, load)),
    }
    return _figures(opened, load, take_turns(works, ROUNDS), BARE_COPY, TARGET_SHARE)


def _measure_sqlite(opened: OpenStore, load: Load) -> list[Figure]:
    works: dict[str, Work] = {
        QUOTES: _timed(opened, lambda: _store_quotes(opened, load)),
        BARE_EXECUTEMANY: _timed(opened, lambda: _insert_tuples(opened, load)),
        WHOLE_SCAN: _timed(opened, lambda: _store_scan(opened, load)),
    }
    return _figures(opened, load, take_turns(works, ROUNDS), BARE_EXECUTEMANY, None)


def _figures(opened: OpenStore, load: Load, timings: Timings, bare: str, share: float | None) -> list[Figure]:
    figures = []
    for work in (QUOTES, WHOLE_SCAN):
        baseline = timings.baseline(bare, work, load.rows)
        target = share_at_least(baseline, share) if share is not None and work == QUOTES else None
        what = f"{opened.name}, {load.name} ({load.rows:,} rows): {work}"
        figures.append(Figure(what, timings.rate(work, load.rows), "rows/s", baseline, target))
    return figures


def _timed(opened: OpenStore, work: Callable[[], Awaitable[None]]) -> Work:
    async def run() -> float:
        start = time.perf_counter()
        await work()
        seconds = time.perf_counter() - start
        await _empty(opened)
        return seconds

    return lambda: opened.runner.run(run())


async def _empty(opened: OpenStore) -> None:
    if opened.store.capabilities.engine == "sqlite":
        await opened.execute(*(f"DELETE FROM {table}" for table in FILLED))
    else:
        await opened.execute(f"TRUNCATE {', '.join(FILLED)}")


async def _store_quotes(opened: OpenStore, load: Load) -> None:
    for batch in load.batches:
        async with opened.store.engine.begin() as connection:
            await _write_quotes(connection, _kept(batch.chains))


async def _write_quotes(connection: AsyncConnection, quotes: Sequence[QuoteColumns]) -> None:
    """Write quotes as ``SqlScanRepository`` does."""
    if connection.dialect.name == "postgresql":
        await bulk.copy_rows(connection, option_quotes, COLUMNS, copy_parts(quotes))
        return
    await bulk.insert_columns(connection, option_quotes, value_columns(quotes))


async def _store_scan(opened: OpenStore, load: Load) -> None:
    for batch in load.batches:
        async with opened.store.unit_of_work() as work:
            await work.scans.add(batch, [False] * len(batch.chains))
            await work.commit()


async def _copy_encoded(opened: OpenStore, load: Load) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(load.encoded), PIECE):
            yield load.encoded[start : start + PIECE]

    async with opened.store.engine.begin() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.copy_to_table(option_quotes.name, source=pieces(), columns=list(COLUMNS), format="binary")


async def _insert_tuples(opened: OpenStore, load: Load) -> None:
    places = ", ".join("?" for _ in COLUMNS)
    with closing(sqlite3.connect(make_url(opened.url).database or "", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO option_quotes ({', '.join(COLUMNS)}) VALUES ({places})", load.tuples)
        connection.execute("COMMIT")


def _load(name: str, chains: Sequence[Chain]) -> Load:
    quotes = _kept(chains)
    encoded = b"".join([SIGNATURE, *copy_parts(quotes), TRAILER])
    batches = [scan(some) for some in batches_of(chains)]
    return Load(name, batches, sum(map(len, quotes)), encoded, _tuples(quotes))


def _kept(chains: Sequence[Chain]) -> list[QuoteColumns]:
    return quote_columns_of(chains, [ScanRules().horizon_days] * len(chains))


def _tuples(quotes: Sequence[QuoteColumns]) -> list[tuple[Any, ...]]:
    """Rows as SQLite has them: dates and instants as text."""
    columns = value_columns(quotes)
    columns["as_of_ts"] = [instant.strftime("%Y-%m-%d %H:%M:%S.%f") for instant in columns["as_of_ts"]]
    columns["expiry"] = [day.isoformat() for day in columns["expiry"]]
    return list(zip(*columns.values(), strict=True))
