"""Runs of users as rows: what came out comes back to the last bit, and the newest are kept; on each store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.results import BacktestResult
from forward_factor.backtest.summary import summarise
from forward_factor.clock import FixedClock
from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.core.rules import ScanRules, VolPoint
from forward_factor.core.structure import Structure
from forward_factor.errors import NotFound, TooManyRequests
from forward_factor.notebook.chains import Chains
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.backtest_views import RUNS_KEPT, FinishedRun, RunState, headline_of
from forward_factor.services.list_backtests import list_backtests
from forward_factor.services.read_backtest import read_backtest, read_backtest_result
from forward_factor.services.request_backtest import request_backtest
from forward_factor.services.run_backtest import run_backtest
from forward_factor.storage.store import Store
from forward_factor.storage.tables import BacktestRun, table_of
from tests.integration.storage.accounts import register
from tests.integration.storage.scanning import NOW, fetch

REQUEST = BacktestRequest(
    tickers=("KO", "BRK.B"),
    start=date(2026, 1, 1),
    end=date(2026, 12, 31),
    pair=("30/60", "30/90±5/10"),
    vol_point=VolPoint.CALL_35D,
    threshold=1 / 3,
    structure=Structure.CALL,
    fill=Fill.TOUCH,
    seed=11,
)


async def result() -> BacktestResult:
    market = SimulatedMarket(tickers=("NFLX",), depth="light", dirt=0.0, horizon_days=120)
    sessions = [session_on(day) for day in trading_days_between(date(2026, 1, 5), date(2026, 2, 27))]
    chains = [replace(market.chain("NFLX", one.closes_at), provider="files") for one in sessions if one]
    request = BacktestRequest(threshold=0.0, pair=("30/60", "30/90"))
    done = await run_backtest(Chains(chains), [request.rules(ScanRules())])
    return summarise(done.books[0], done.observed, Fill.PARTIAL)


async def test_a_run_comes_back_as_it_was(store: Store) -> None:
    ann, bob = (await register(store, "ann@x.de")).id, (await register(store, "bob@x.de")).id
    clock = FixedClock(NOW)
    begun = await request_backtest(store, clock, ann, REQUEST)
    (listed,) = await list_backtests(store, clock, ann)
    assert listed == begun
    assert listed.parameters == REQUEST
    made = await result()
    assert made.trades
    async with store.unit_of_work() as work:
        assert await work.backtests.beat(begun.id, 0.5, NOW)
        done = FinishedRun(made, headline_of(made), ("KO 2026-01-05T21:00:00Z: damaged",))
        assert await work.backtests.finish(begun.id, done, NOW)
        assert not await work.backtests.fail(begun.id, "too late", NOW)
        assert not await work.backtests.beat(begun.id, 0.6, NOW)
        await work.commit()
    found = await read_backtest(store, clock, ann, begun.id)
    assert (found.run.state, found.run.progress, found.run.warnings) == (RunState.DONE, 1.0, done.warnings)
    assert found.run.headline == done.headline
    assert found.result == made
    with pytest.raises(NotFound):
        await read_backtest(store, clock, bob, begun.id)
    async with store.unit_of_work() as work:
        assert not await work.backtests.delete(bob, begun.id)
        assert await work.backtests.result_of(bob, begun.id) is None
        assert await work.backtests.delete(ann, begun.id)
        await work.commit()
    assert await list_backtests(store, clock, ann) == []


async def test_one_at_a_time_until_it_is_lost(store: Store) -> None:
    ann, clock = (await register(store, "ann@x.de")).id, FixedClock(NOW)
    lost = await request_backtest(store, clock, ann, REQUEST)
    with pytest.raises(TooManyRequests, match="under way"):
        await request_backtest(store, clock, ann, REQUEST)
    clock.instant += timedelta(seconds=25)
    async with store.unit_of_work() as work:
        await work.backtests.beat(lost.id, 0.3, clock.now())
        await work.commit()
    clock.instant += timedelta(seconds=25)
    assert [one.state for one in await list_backtests(store, clock, ann)] == [RunState.RUNNING]
    clock.instant += timedelta(seconds=10)
    (seen,) = await list_backtests(store, clock, ann)
    assert (seen.state, seen.progress, "the server stopped" in str(seen.error)) == (RunState.FAILED, 0.3, True)
    await request_backtest(store, clock, ann, REQUEST)
    assert sorted(await fetch(store, "SELECT state FROM backtest_runs")) == [("failed",), ("running",)]
    with pytest.raises(NotFound, match="no such account"):
        await request_backtest(store, clock, "nobody", REQUEST)


async def test_the_newest_fifty_are_kept(store: Store) -> None:
    ann, bob, clock = (await register(store, "ann@x.de")).id, (await register(store, "bob@x.de")).id, FixedClock(NOW)
    await request_backtest(store, clock, bob, REQUEST)
    async with store.unit_of_work() as work:
        for number in range(RUNS_KEPT + 3):
            await work.backtests.add(f"run {number}", ann, REQUEST, NOW - timedelta(days=100 - number))
        await work.commit()
    await request_backtest(store, clock, ann, REQUEST)
    runs = await list_backtests(store, clock, ann)
    assert len(runs) == RUNS_KEPT
    assert runs[0].created_at == NOW
    assert runs[-1].id == "run 4"
    assert len(await list_backtests(store, clock, bob)) == 1


async def test_what_another_version_wrote_is_said(store: Store) -> None:
    ann, clock = (await register(store, "ann@x.de")).id, FixedClock(NOW)
    run = await request_backtest(store, clock, ann, REQUEST)
    table = table_of(BacktestRun)
    async with store.engine.begin() as connection:
        other = {"state": "done", "result": {"of": "tomorrow"}, "parameters": {"structure": "butterfly"}}
        await connection.execute(update(table).values(other))
    assert (await list_backtests(store, clock, ann))[0].parameters == BacktestRequest()
    with pytest.raises(NotFound, match="another version"):
        await read_backtest_result(store, clock, ann, run.id)
