"""How long a backtest over a year of one liquid name takes: from Parquet, and from each store.

The year is made by the simulated market: SPY at the close, or at five looks a session for about 1.5 million quotes. The
baseline of a store is the same backtest from the Parquet file. Linear means that twice the quotes take twice as long:
the rate over a year stands beside that over its first half. Stores are filled as a scan fills them, and TimescaleDB's
chunks are compressed first. Times are of the wall.
"""

from __future__ import annotations

import tempfile
import time
from asyncio import Runner
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from benchmarks.figures import Baseline, Figure, Target, take_turns
from benchmarks.markets import batches_of, scan
from benchmarks.stores import OpenStore, embedded_postgresql, native_timescale, sqlite
from forward_factor.backtest.rules import BacktestRules, EntryRules
from forward_factor.core.chain import Chain
from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.core.rules import PairRule
from forward_factor.providers.files.history import FileHistory
from forward_factor.providers.files.write import write_chains
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.ports.history import ChainHistory, Span
from forward_factor.services.run_backtest import run_backtest

YEAR = date(2025, 1, 2), date(2025, 12, 31)
HALF = Span(end=date(2025, 7, 1))
LOOKS = 5
PARQUET_SECONDS, TIMESCALE_SECONDS = 5.0, 10.0
QUOTES_OF_TARGET = 1_500_000
ROUNDS = 3
RULES = BacktestRules(EntryRules((PairRule(30, 60, 5, 10),), threshold=0.0))
PARQUET, HALF_PARQUET = "Parquet", "half of it"


def measure(looks: int = LOOKS) -> list[Figure]:
    """Return figures for Parquet and for every store there is."""
    chains = list(_year(looks))
    quotes = sum(len(chain.contracts) for chain in chains)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "year.parquet"
        write_chains(chains, file)
        figures = _measure_parquet(
            FileHistory([file]), quotes, sum(len(one.contracts) for one in chains if _in_half(one))
        )
        for opener in (native_timescale, embedded_postgresql, sqlite):
            with opener() as store:
                figures += [_measure_store(store, chains, FileHistory([file]), quotes)] if store else []
    return figures


def _year(looks: int) -> Iterator[Chain]:
    market = SimulatedMarket(tickers=("SPY",))
    for day in trading_days_between(*YEAR):
        session = session_on(day)
        if session is None:
            continue
        for look in reversed(range(looks)):
            yield replace(market.chain("SPY", session.closes_at - look * timedelta(minutes=40)), provider="files")


def _in_half(chain: Chain) -> bool:
    return HALF.covers(chain.as_of)


def _measure_parquet(history: ChainHistory, quotes: int, half: int) -> list[Figure]:
    with Runner() as runner:
        timings = take_turns(
            {
                PARQUET: lambda: _seconds(runner, history, Span()),
                HALF_PARQUET: lambda: _seconds(runner, history, HALF),
            },
            ROUNDS,
        )
    rate = timings.rate(PARQUET, quotes)
    return [
        Figure(
            f"backtest of {quotes:,} quotes from Parquet",
            rate,
            "quotes/s",
            timings.baseline(HALF_PARQUET, PARQUET, half, quotes),
            _within(PARQUET_SECONDS, rate),
        )
    ]


def _measure_store(opened: OpenStore, chains: list[Chain], parquet: ChainHistory, quotes: int) -> Figure:
    opened.runner.run(_fill(opened, chains))
    history = opened.store.history()
    timings = take_turns(
        {
            opened.name: lambda: _seconds(opened.runner, history, Span()),
            PARQUET: lambda: _seconds(opened.runner, parquet, Span()),
        },
        ROUNDS,
    )
    rate = timings.rate(opened.name, quotes)
    target = _within(TIMESCALE_SECONDS, rate) if "Timescale" in opened.name else None
    baseline: Baseline = timings.baseline(PARQUET, opened.name, quotes)
    return Figure(f"the same from {opened.name}", rate, "quotes/s", baseline, target)


async def _fill(opened: OpenStore, chains: list[Chain]) -> None:
    for some in batches_of(chains):
        async with opened.store.unit_of_work() as work:
            await work.scans.add(scan(some, RULES.gates), [False] * len(some))
            await work.commit()
    if opened.store.capabilities.has_compression:
        await opened.execute("SELECT compress_chunk(chunk) FROM show_chunks('option_quotes') chunk")


def _seconds(runner: Runner, history: ChainHistory, span: Span) -> float:
    start = time.perf_counter()
    runner.run(run_backtest(history, [RULES], span=span))
    return time.perf_counter() - start


def _within(seconds: float, rate: float) -> Target:
    return Target(f"1.5 M quotes in ≤ {seconds:.0f} s", QUOTES_OF_TARGET / rate <= seconds)
