"""Backtests on the recorded chains: every price is a recorded quote, and worse fills never earn more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from forward_factor.backtest.fills import FILLS, Fill
from forward_factor.backtest.results import BacktestResult, QuoteUsed, TradeView
from forward_factor.backtest.rules import BacktestRules, EntryRules, ExitRules, SizeRules
from forward_factor.backtest.summary import summarise
from forward_factor.clock import FixedClock
from forward_factor.core.rules import PairRule, ScanRules
from forward_factor.core.structure import Structure
from forward_factor.providers.files.chains import FileChains
from forward_factor.providers.files.history import FileHistory
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.run_backtest import run_backtest
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import open_store
from tests.reference.recorded import recorded_dir

FILES = ("spy_2026.parquet", "aapl_meta_2026.parquet", "spy_2021.csv.gz")
PAIRS = (PairRule(30, 60, 5, 10), PairRule(30, 90, 5, 10))
LENIENT = ScanRules(max_bid_ask_pct=0.5, min_open_interest=0, min_volume=0)
Quotes = dict[tuple[str, datetime, date, float, str], set[tuple[float | None, float | None]]]


def rules_of(structure: Structure) -> BacktestRules:
    size = SizeRules(capacity=0.0, risk=0.05, max_at_risk=0.5)
    return BacktestRules(EntryRules(PAIRS, structure, threshold=-0.5), ExitRules(3), size, gates=LENIENT)


TRIALS = [rules_of(structure) for structure in Structure]


@pytest.fixture(scope="module", params=FILES)
def recorded_file(request: pytest.FixtureRequest) -> Path:
    folder = recorded_dir()
    if folder is None:
        pytest.skip("the recorded chains are not here")
    path: Path = folder / "chains" / request.param
    return path


def quotes_in(path: Path, strikes: set[float]) -> Quotes:
    """Bids and asks of all contracts at some strikes, straight from the file."""
    is_csv = path.name.endswith(".csv.gz")
    table = pl.read_csv(path, try_parse_dates=True) if is_csv else pl.read_parquet(path)
    found: Quotes = {}
    for row in table.filter(pl.col("strike").cast(pl.Float64).is_in(list(strikes))).iter_rows(named=True):
        key = row["ticker"], row["as_of"].replace(tzinfo=UTC), row["expiry"], float(row["strike"]), row["right"]
        found.setdefault(key, set()).add((row["bid"], row["ask"]))
    return found


def quotes_used(result: BacktestResult) -> Iterator[tuple[TradeView, tuple[date, float, str], QuoteUsed]]:
    for trade in result.trades:
        for leg in trade.legs:
            for strike, quote in ((leg.strike, leg.entry), (leg.exit_strike, leg.exit)):
                yield trade, (leg.expiry, strike, leg.right), quote


async def test_every_price_is_a_recorded_quote_and_worse_fills_never_earn_more(recorded_file: Path) -> None:
    done = await run_backtest(FileHistory([recorded_file]), TRIALS)
    results = [summarise(book, done.observed, Fill.TOUCH) for book in done.books]
    strikes = {leg.strike for result in results for trade in result.trades for leg in trade.legs}
    recorded = quotes_in(recorded_file, strikes)
    assert sum(len(result.trades) for result in results) >= 5
    for result in results:
        for trade, contract, quote in quotes_used(result):
            if quote.bid is None:
                assert quote.settled is not None
                continue
            assert (quote.bid, quote.ask) in recorded[trade.ticker, quote.at, *contract]
            assert all(quote.bid - 1e-9 <= price <= (quote.ask or 0.0) + 1e-9 for price in quote.prices.values())
        for trade in result.trades:
            assert trade.profits[Fill.TOUCH] <= trade.profits[Fill.PARTIAL] <= trade.profits[Fill.MID]
            for fill in FILLS:
                money = trade.credits[fill] - trade.debits[fill] - trade.commissions
                assert trade.profits[fill] == pytest.approx(money)
        totals = [result.of(fill).curve.profit for fill in FILLS]
        assert totals == pytest.approx([sum(trade.profits[fill] for trade in result.trades) for fill in FILLS])


async def test_files_and_a_store_give_equal_trades(recorded_file: Path, tmp_path: Path) -> None:
    from_file = await run_backtest(FileHistory([recorded_file]), TRIALS)
    async with open_store(f"sqlite:///{tmp_path / 'recorded.db'}", PoolSettings()) as store:
        clock = FixedClock(datetime(2026, 9, 1, tzinfo=UTC))
        scanner = ScanTickers(FileChains([recorded_file]), ScanRules(), clock, store, KeepQuotes.WINDOW)
        async for step in scanner.run(()):
            assert step.failure is None
        from_store = await run_backtest(store.history(), TRIALS)
    assert [book.trades for book in from_store.books] == [book.trades for book in from_file.books]
    assert [book.skipped for book in from_store.books] == [book.skipped for book in from_file.books]
    assert (from_store.observed.snapshots, from_store.observed.stale) == (
        from_file.observed.snapshots, from_file.observed.stale,
    )  # fmt: skip
