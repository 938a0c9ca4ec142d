"""Backtests over HTTP: begun, followed, read, compared, deleted; bounded, and each user's own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.summary import summarise
from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services import run_requested_backtests as running
from forward_factor.services.run_backtest import Backtested, run_backtest
from forward_factor.services.run_requested_backtests import BacktestLimits, RunRequestedBacktests
from tests.integration.server.conftest import Api, assert_problem
from tests.integration.server.seeding import backtest
from tests.integration.storage.scanning import NOW, fetch, scan


async def seed(api: Api) -> None:
    """Store some weeks of a light simulated market."""
    market = SimulatedMarket(tickers=("NFLX", "KO"), depth="light", dirt=0.0, horizon_days=120)
    sessions = [session_on(day) for day in trading_days_between(date(2026, 1, 5), date(2026, 2, 27))]
    closes = [one.closes_at for one in sessions if one is not None]
    chains = [market.chain(ticker, at) for at in closes for ticker in market.tickers]
    await scan(api.store, [replace(one, provider="files") for one in chains])
    await api.join("ann")


def desk_of(api: Api) -> RunRequestedBacktests:
    desk: RunRequestedBacktests = api.app.state.backend.backtests
    return desk


def limit(api: Api, **limits: Any) -> None:
    api.app.state.backend.backtests._limits = BacktestLimits(**limits)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Backtests that wait at their first step until the event is set."""
    event = threading.Event()

    async def wait(*given: Any) -> Backtested:
        assert await asyncio.to_thread(event.wait, 20)
        given[-1](0.5)
        return await run_backtest(*given)

    monkeypatch.setattr(running, "run_backtest", wait)
    return event


async def test_a_backtest_from_beginning_to_report(api: Api) -> None:
    await seed(api)
    body = {"threshold": 0.0, "fill": "touch", "pair": ["30/60", "30/90"]}
    begun = await api.ask("POST", "/backtests", "ann", json=body)
    assert begun.status_code == 202
    told = begun.json()
    assert (told["state"], told["progress"], told["parameters"]["threshold"]) == ("running", 0.0, 0.0)
    await desk_of(api).finished()
    found = await api.get(f"/backtests/{told['id']}", "ann")
    assert (found["run"]["state"], found["run"]["progress"], found["run"]["error"]) == ("done", 1.0, None)
    result = found["result"]
    assert result["fill"] == "touch"
    assert found["run"]["headline"]["trades"] == len(result["trades"]) >= 2
    (listed,) = (await api.get("/backtests", "ann"))["items"]
    assert listed == found["run"]
    request = BacktestRequest(threshold=0.0, pair=("30/60", "30/90"))
    plain = await run_backtest(api.store.history(), [request.rules(api.app.state.backend.application.rules())])
    expected = summarise(plain.books[0], plain.observed, Fill.TOUCH)
    assert result == json.loads(msgspec.json.encode(expected))
    page = await api.ask("GET", f"/backtests/{told['id']}/report", "ann")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")
    assert page.text.count("<details") == len(result["trades"])
    assert "script" not in page.headers["content-security-policy"]
    assert (await api.ask("DELETE", f"/backtests/{told['id']}", "ann")).status_code == 204
    assert_problem(await api.ask("GET", f"/backtests/{told['id']}", "ann"), 404, "not_found")
    assert (await api.get("/backtests", "ann"))["items"] == []


async def test_side_by_side(api: Api) -> None:
    await seed(api)
    ids = [await backtest(api, "ann", tickers=["NFLX"], threshold=one, pair="30/60") for one in (0.0, 0.3)]
    compared = await api.get("/backtests/compare", "ann", id=ids)
    assert compared["parameters"] == ["threshold"]
    assert [one["differing"] for one in compared["runs"]] == [{"threshold": "0.0"}, {"threshold": "0.3"}]
    assert [one["run"]["id"] for one in compared["runs"]] == ids
    assert set(compared["runs"][0]["figures"]) == {"mid", "partial", "touch"}
    assert_problem(await api.ask("GET", "/backtests/compare", "ann", params={"id": ids[:1]}), 422)
    assert_problem(await api.ask("GET", "/backtests/compare", "ann", params={"id": [ids[0], "other"]}), 404)


@pytest.mark.parametrize(
    "body",
    [
        {"pair": "60/30"},
        {"structure": "put", "vol_point": "35d_call"},
        {"win_rate": 0.6},
        {"start": "2026-02-01", "end": "2026-01-01"},
        {"stop": 0},
        {"unknown": 1},
        {"bankroll": -5},
    ],
)
async def test_what_cannot_be_tested_is_refused_at_once(api: Api, body: dict[str, Any]) -> None:
    await api.join("ann")
    assert_problem(await api.ask("POST", "/backtests", "ann", json=body), 422, "invalid_input")
    assert (await api.get("/backtests", "ann"))["items"] == []


async def test_nothing_recorded_is_a_failure_that_says_so(api: Api) -> None:
    await seed(api)
    run_id = await backtest(api, "ann", tickers=["NONE"])
    found = await api.get(f"/backtests/{run_id}", "ann")
    assert (found["run"]["state"], found["result"]) == ("failed", None)
    assert "no chain of NONE is stored" in found["run"]["error"]
    assert_problem(await api.ask("GET", f"/backtests/{run_id}/report", "ann"), 404, "not_found")


async def test_one_at_a_time_a_user_and_so_many_in_all(api: Api, held: threading.Event) -> None:
    await seed(api)
    for name in ("bob", "eve"):
        await api.join(name)
    first = await api.ask("POST", "/backtests", "ann", json={"tickers": ["KO"]})
    again = await api.ask("POST", "/backtests", "ann", json={"tickers": ["KO"]})
    assert "under way" in assert_problem(again, 429, "too_many_requests")["detail"]
    assert int(again.headers["retry-after"]) > 0
    assert (await api.ask("POST", "/backtests", "bob", json={"tickers": ["KO"]})).status_code == 202
    assert_problem(await api.ask("POST", "/backtests", "eve", json={"tickers": ["KO"]}), 429, "too_many_requests")
    held.set()
    await desk_of(api).finished()
    assert (await api.get(f"/backtests/{first.json()['id']}", "ann"))["run"]["state"] == "done"
    assert (await api.ask("POST", "/backtests", "eve", json={"tickers": ["KO"]})).status_code == 202


async def test_progress_is_told_and_a_deleted_run_ends(
    api: Api, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BEAT_S", 0.02)
    await seed(api)
    begun = (await api.ask("POST", "/backtests", "ann", json={})).json()
    (run,) = desk_of(api)._runs.values()
    run.progress = 0.25
    await _until(lambda: _progress(api, begun["id"]), 0.25)
    assert (await api.ask("DELETE", f"/backtests/{begun['id']}", "ann")).status_code == 204
    held.set()
    await desk_of(api).finished()
    assert await fetch(api.store, "SELECT id FROM backtest_runs") == []


async def _progress(api: Api, run_id: str) -> float:
    progress: float = (await api.get(f"/backtests/{run_id}", "ann"))["run"]["progress"]
    return progress


async def _until(read: Callable[[], Any], wanted: object) -> None:
    for _ in range(500):
        if await read() == wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never {wanted}")


async def test_a_run_that_takes_too_long_or_reads_too_much(api: Api) -> None:
    await seed(api)
    limit(api, seconds=0.0)
    run_id = await backtest(api, "ann", tickers=[])
    assert "took longer" in (await api.get(f"/backtests/{run_id}", "ann"))["run"]["error"]
    limit(api, quotes=1000)
    refused = assert_problem(await api.ask("POST", "/backtests", "ann", json={}), 422, "invalid_input")
    assert "name fewer tickers or dates" in refused["detail"]
    assert await backtest(api, "ann", tickers=["KO"], start="2026-01-05", end="2026-01-06")


async def test_an_unforeseen_fault_tells_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> Backtested:
        raise ZeroDivisionError("SELECT secret")

    monkeypatch.setattr(running, "run_backtest", fail)
    await seed(api)
    run_id = await backtest(api, "ann", tickers=["KO"])
    found = await api.get(f"/backtests/{run_id}", "ann")
    assert found["run"]["error"] == "something went wrong on the server; its log says what"


async def test_a_server_that_stops_says_so(api: Api, held: threading.Event) -> None:
    await seed(api)
    begun = (await api.ask("POST", "/backtests", "ann", json={})).json()
    closing = asyncio.create_task(desk_of(api).close())
    await asyncio.sleep(0)
    held.set()
    await closing
    found = (await api.get(f"/backtests/{begun['id']}", "ann"))["run"]
    assert (found["state"], "the server stopped" in found["error"]) == ("failed", True)


async def test_a_run_whose_server_died_has_failed(api: Api) -> None:
    await seed(api)
    user = (await api.get("/auth/me", "ann"))["id"]
    async with api.store.unit_of_work() as work:
        await work.backtests.add("lost", user, BacktestRequest(), NOW)
        await work.commit()
    assert (await api.get("/backtests/lost", "ann"))["run"]["state"] == "running"
    assert_problem(await api.ask("POST", "/backtests", "ann", json={}), 429)
    api.wait(seconds=60)
    found = (await api.get("/backtests/lost", "ann"))["run"]
    assert (found["state"], "the server stopped" in found["error"]) == ("failed", True)
    await backtest(api, "ann", tickers=["KO"])
    assert ("lost", "failed") in await fetch(api.store, "SELECT id, state FROM backtest_runs")
