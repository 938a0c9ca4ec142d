"""Stored chains read back in the order of their instants, and backtests on them, on each store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from forward_factor.backtest.rules import BacktestRules, EntryRules, ExitRules, SizeRules
from forward_factor.backtest.trades import Trade
from forward_factor.core.chain import Chain, Rejection
from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.core.rules import PairRule
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput, NotFound, UnknownTicker
from forward_factor.providers.files.history import FileHistory
from forward_factor.providers.files.write import write_chains
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.ports.history import ChainHistory, RecordedChain, Span
from forward_factor.services.run_backtest import run_backtest
from forward_factor.storage.readers import history as reader
from forward_factor.storage.store import Store
from tests.chains import AS_OF
from tests.integration.storage.scanning import dear_chain, scan

PAIRS = (PairRule(30, 60, 5, 10), PairRule(30, 90, 5, 10))
RULES = [
    BacktestRules(EntryRules(PAIRS, threshold=0.0)),
    BacktestRules(EntryRules(PAIRS, Structure.DOUBLE, threshold=-0.1), ExitRules(2, 0.1, 0.1), SizeRules(risk=0.05)),
]


def market_chains() -> list[Chain]:
    """Two tickers at the close of every session of four months, as a provider of files has them."""
    market = SimulatedMarket(tickers=("NFLX", "KO"), depth="light", horizon_days=200)
    sessions = [session_on(day) for day in trading_days_between(date(2026, 1, 5), date(2026, 5, 1))]
    closes = [session.closes_at for session in sessions if session is not None]
    return [replace(market.chain(ticker, at), provider="files") for at in closes for ticker in ("KO", "NFLX")]


async def read(history: ChainHistory, *tickers: str, span: Span | None = None) -> list[RecordedChain]:
    steps = [step async for step in history.read(tickers, span or Span())]
    assert [failure for step in steps for failure in step.failures] == []
    assert steps[-1].done == 1.0
    return [one for step in steps for one in step.chains]


async def trades_of(history: ChainHistory) -> list[list[Trade]]:
    return [book.trades for book in (await run_backtest(history, RULES)).books]


async def test_stored_chains_come_back_whole_and_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "QUOTES_A_STATEMENT", 500)
    later = replace(dear_chain("BBB", AS_OF + timedelta(hours=1)), rejected=(Rejection("unreadable_strike", 2),))
    chains = [dear_chain("BBB"), dear_chain("AAA"), later]
    chains[1].contracts.bid[3], chains[1].contracts.volume[4], chains[1].contracts.last[5] = 1 / 3, np.nan, np.nan
    await scan(store, [later, *chains[:2]], keep=KeepQuotes.FULL)
    found = [one.chain for one in await read(store.history())]
    assert [(one.ticker, one.as_of) for one in found] == [("AAA", AS_OF), ("BBB", AS_OF), ("BBB", later.as_of)]
    for one, wanted in zip(found, (chains[1], chains[0], later), strict=True):
        assert (one.spot, one.provider, one.rejected) == (wanted.spot, wanted.provider, wanted.rejected)
        assert rows_of(one) == rows_of(wanted)
    assert [one.chain.ticker for one in await read(store.history(), "aaa")] == ["AAA"]


def rows_of(chain: Chain) -> list[tuple[object, ...]]:
    """Contracts as sorted tuples, missing numbers as None."""
    columns = [getattr(chain.contracts, name).tolist() for name in ("expiry", "is_call", "strike")]
    numbers = [
        [None if value != value else value for value in getattr(chain.contracts, name).tolist()]
        for name in ("bid", "ask", "last", "volume", "open_interest", "iv", "delta")
    ]
    return sorted(zip(*columns, *numbers, strict=True), key=lambda row: row[:3])


@pytest.mark.parametrize("keep", [KeepQuotes.WINDOW, KeepQuotes.FULL])
async def test_files_and_store_give_equal_trades(store: Store, tmp_path: Path, keep: KeepQuotes) -> None:
    chains = market_chains()
    await scan(store, chains, keep=keep)
    write_chains(chains, tmp_path / "chains.parquet")
    from_files = await trades_of(FileHistory([tmp_path / "chains.parquet"]))
    assert [len(trades) >= 3 for trades in from_files] == [True, True]
    assert await trades_of(store.history()) == from_files


async def test_a_span_bounds_new_york_dates(store: Store) -> None:
    night = datetime(2026, 6, 3, 2, 0, tzinfo=UTC)  # still the 2nd in New York
    await scan(store, [dear_chain(as_of=AS_OF), dear_chain(as_of=night)])
    assert len(await read(store.history(), span=Span(date(2026, 6, 1), date(2026, 6, 2)))) == 2
    assert [one.chain.as_of for one in await read(store.history(), span=Span(start=date(2026, 6, 2)))] == [night]
    assert [one.chain.as_of for one in await read(store.history(), span=Span(end=date(2026, 6, 1)))] == [AS_OF]


async def test_a_ticker_of_several_providers_must_be_told_apart(store: Store) -> None:
    await scan(store, [dear_chain(), replace(dear_chain(), provider="cboe"), dear_chain("OTHER")])
    with pytest.raises(InvalidInput, match="DEAR was recorded by cboe and files: say which with --provider"):
        await read(store.history())
    assert [one.chain.provider for one in await read(store.history("cboe"))] == ["cboe"]
    assert [one.chain.ticker for one in await read(store.history("files"))] == ["DEAR", "OTHER"]


async def test_what_is_not_there_is_said(store: Store) -> None:
    await scan(store, [dear_chain(), dear_chain("GONE")])
    async with store.engine.begin() as connection:
        await connection.execute(text("DELETE FROM option_quotes WHERE ticker = 'GONE' AND option_right = 'P'"))
    steps = [step async for step in store.history().read(("DEAR", "GONE", "NONE"), Span())]
    failures = {failure.source: failure.error for step in steps for failure in step.failures}
    assert isinstance(failures["NONE"], UnknownTicker)
    assert "164 of its 328 stored quotes are there" in str(failures["GONE 2026-06-01T18:00:00Z"])
    assert [one.chain.ticker for step in steps for one in step.chains] == ["DEAR"]
    with pytest.raises(NotFound, match="no recorded chain"):
        await run_backtest(store.history(), RULES, ["NONE"])
