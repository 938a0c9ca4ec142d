"""Ranks over a year of recorded days: one ticker's page, and 200 pairs at once, on each server there is.

One reading a weekday, pairs by vol points nine, written day by day as scans do, so that a ticker's rows lie far apart.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import text

from benchmarks import stores
from benchmarks.figures import ROUNDS, Figure, Target
from forward_factor.services.daily_views import PairKey
from forward_factor.services.read_pair_history import read_pair_history
from forward_factor.services.read_quality import read_quality
from forward_factor.services.read_ranks import YEAR, read_ranks

SMALL, FULL = 500, 5_000
TICKERS_AT_ONCE = 200
PAGE_MS = 100.0
NOW = datetime.now(UTC)
TO_DAYS = "generate_series(CAST(:first AS timestamptz), CAST(:last AS timestamptz), INTERVAL '1 day') AS at"
FILL = (
    (
        "INSERT INTO candidates (ticker, as_of_ts, provider, pair, vol_point, front_iv, back_iv, sigma_fwd, ff_value, "
        "bid_ask_pct, reason_codes, flags, is_signal, parameters_id) "
        "SELECT 'T' || number, at, 'polygon', pair, vol_point, random(), random(), random(), random() - 0.5, random(), "
        "'[\"ff_below_threshold\"]', '[]', false, 'p' "
        f"FROM {TO_DAYS}, generate_series(1, :tickers) AS number, unnest(ARRAY['30/60', '30/90', '60/90']) AS pair, "
        "unnest(ARRAY['ATM', '35d_put', '35d_call']) AS vol_point WHERE extract(isodow FROM at) < 6"
    ),
    (
        "INSERT INTO term_structure (ticker, as_of_ts, provider, expiry, dte, forward, atm_iv) "
        "SELECT 'T' || number, at, 'polygon', at::date + dte, dte, 100, random() "
        f"FROM {TO_DAYS}, generate_series(1, :tickers) AS number, unnest(ARRAY[7, 14, 21, 28, 35, 63, 91]) AS dte "
        "WHERE extract(isodow FROM at) < 6"
    ),
    (
        "INSERT INTO option_chain_snapshots (id, ticker, as_of_ts, provider, contracts_seen, is_stale, crossed, "
        "rejected_rows) SELECT 'T' || number || at, 'T' || number, at, 'polygon', 250, false, 3, 0 "
        f"FROM {TO_DAYS}, generate_series(1, :tickers) AS number WHERE extract(isodow FROM at) < 6"
    ),
)


def measure() -> list[Figure]:
    """Measure some tickers."""
    return [one for opened in _servers() for one in _figures(opened, SMALL)]


def measure_full() -> list[Figure]:
    """Measure a year of 5,000 tickers: 11.7 million candidates; takes minutes and 10 GB on each server."""
    return [one for opened in _servers() for one in _figures(opened, FULL)]


def _servers() -> Iterator[stores.OpenStore]:
    with stores.embedded_postgresql() as opened:
        yield opened
    with stores.native_timescale() as native:
        if native is not None:
            yield native


def _figures(opened: stores.OpenStore, tickers: int) -> Iterator[Figure]:
    run, daily = opened.runner.run, opened.store.daily
    run(_fill(opened, tickers))
    of_what = f"{opened.name}: a year of {tickers:,} tickers"
    key = PairKey(f"T{tickers // 2}", "30/60", "ATM")
    some = [PairKey(f"T{tickers * place // TICKERS_AT_ONCE + 1}", "30/90", "ATM") for place in range(TICKERS_AT_ONCE)]
    page = run(_milliseconds(lambda: read_pair_history(daily, key, NOW - YEAR, NOW)))
    yield Figure(f"{of_what}; a pair's page", page, "ms", None, Target(f"≤ {PAGE_MS:.0f}", page <= PAGE_MS))
    yield Figure(f"ranks of {len(some)} pairs", run(_milliseconds(lambda: read_ranks(daily, some, NOW))), "ms")
    both = run(_milliseconds(lambda: read_ranks(daily, some, NOW, with_curve=True)))
    yield Figure("with their vols at 30 days", both, "ms")
    month = NOW - timedelta(days=30)
    yield Figure("a ticker's quality", run(_milliseconds(lambda: read_quality(daily, [key.ticker], month, NOW))), "ms")
    yield Figure("the quality of all", run(_milliseconds(lambda: read_quality(daily, [], month, NOW))), "ms")


async def _fill(opened: stores.OpenStore, tickers: int) -> None:
    first = (NOW - YEAR).replace(hour=20, minute=30, second=0, microsecond=0)
    async with opened.store.engine.begin() as connection:
        for statement in FILL:
            given = {"first": first, "last": NOW, "tickers": tickers}
            await connection.execute(text(statement), given)
    await opened.store.aggregates.refresh(first, NOW)
    await opened.execute("ANALYZE")


async def _milliseconds(work: Callable[[], Awaitable[Any]]) -> float:
    times: Sequence[float] = [await _once(work) for _ in range(ROUNDS + 1)]
    return median(times[1:])


async def _once(work: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await work()
    return 1000.0 * (time.perf_counter() - began)
