"""How many bytes a stored quote takes on TimescaleDB, before and after compression, by order within a segment.

Run by name; needs a native TimescaleDB (TEST_TIMESCALE_URL). Segments are by ticker, as the migration has them.
Sizes are of all chunks with their indexes; the baseline of a figure is the same rows uncompressed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import text

from benchmarks.figures import Baseline, Figure
from benchmarks.markets import QUARTER_HOUR, batches_of, recorded_chains
from benchmarks.stores import OpenStore, native_timescale
from forward_factor.core.chain import Chain
from forward_factor.core.market_hours import Session, session_on, trading_days_between
from forward_factor.core.rules import ScanRules
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.storage import bulk
from forward_factor.storage.quote_columns import COLUMNS, copy_parts, quote_columns_of
from forward_factor.storage.tables import option_quotes

SNAPSHOT_FIRST = "as_of_ts, expiry, option_right, strike"
CONTRACT_FIRST = "expiry, option_right, strike, as_of_ts"
WINDOW = ScanRules().horizon_days


def measure() -> list[Figure]:
    """Return bytes a row for daily and intraday snapshots in either order."""
    recorded = [chain for chain in recorded_chains() if chain.as_of.year == 2026]  # the older ones are tiny
    figures = []
    for order in (SNAPSHOT_FIRST, CONTRACT_FIRST):
        figures.append(_measure_order("daily, full chains", _daily(), None, order))
        figures.append(_measure_order("every 15 min, window", _intraday(), WINDOW, order))
        if recorded:
            figures.append(_measure_order("recorded in 2026, mostly daily", recorded, None, order))
    return sorted(figures, key=lambda figure: figure.what)


def _daily() -> Iterator[Chain]:
    """One snapshot after each close of a month, 40 tickers."""
    market = SimulatedMarket()
    for session in _sessions(date(2026, 10, 19), date(2026, 11, 13)):
        yield from (market.chain(ticker, session.closes_at + QUARTER_HOUR) for ticker in market.tickers)


def _intraday() -> Iterator[Chain]:
    """A snapshot every quarter of an hour of two sessions, 20 tickers."""
    market = SimulatedMarket(size=20)
    for session in _sessions(date(2026, 11, 17), date(2026, 11, 18)):
        for step in range(1 + (session.closes_at - session.opens_at) // QUARTER_HOUR):
            instant = session.opens_at + step * QUARTER_HOUR
            yield from (market.chain(ticker, instant) for ticker in market.tickers)


def _sessions(first: date, last: date) -> Iterator[Session]:
    for day in trading_days_between(first, last):
        session = session_on(day)
        if session is not None:
            yield session


def _measure_order(name: str, chains: Iterable[Chain], longest_dte: int | None, order: str) -> Figure:
    with native_timescale() as opened:
        if opened is None:
            raise SystemExit("storage_size needs a native TimescaleDB: set TEST_TIMESCALE_URL")
        rows, before, after = opened.runner.run(_store_and_compress(opened, chains, longest_dte, order))
    plain = Baseline("not compressed", before / rows, after / before)
    return Figure(f"{name} ({rows:,} rows), order by {order}", after / rows, "bytes/row", plain)


async def _store_and_compress(
    opened: OpenStore, chains: Iterable[Chain], longest_dte: int | None, order: str
) -> tuple[int, int, int]:
    """Return rows, bytes before and bytes after."""
    await opened.execute(f"ALTER TABLE option_quotes SET (timescaledb.compress_orderby = '{order}')")
    for some in batches_of(chains):
        async with opened.store.engine.begin() as connection:
            quotes = quote_columns_of(some, [longest_dte] * len(some))
            await bulk.copy_rows(connection, option_quotes, COLUMNS, copy_parts(quotes))
    await opened.execute("SELECT compress_chunk(chunk) FROM show_chunks('option_quotes') AS chunk")
    async with opened.store.engine.begin() as connection:
        sizes = "sum(before_compression_total_bytes), sum(after_compression_total_bytes)"
        stats = await connection.execute(text(f"SELECT {sizes} FROM chunk_compression_stats('option_quotes')"))
        before, after = stats.one()
        rows = await connection.scalar(text("SELECT count(*) FROM option_quotes"))
    return int(rows or 0), int(before), int(after)
