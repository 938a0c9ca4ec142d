"""Signals, candidates, series and bars over HTTP: filtered, in pages, to the last one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from forward_factor.core.bars import day_begins
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.services.import_events import import_events
from tests.chains import AS_OF, priced_chain
from tests.integration.server.conftest import Api, assert_problem
from tests.integration.server.seeding import ANNS_NOTES, add_bars, seed_ann
from tests.integration.storage.scanning import dear_chain, scan

ONE_HOUR = timedelta(hours=1)


@pytest.fixture
async def scanned(api: Api) -> Api:
    """Twenty scans of two dear tickers, and one of a third that is not."""
    await api.join("ann")
    moments = [AS_OF - number * ONE_HOUR for number in range(20)]
    chains = [dear_chain(ticker, at) for at in moments for ticker in ("DEAR", "CHER")]
    flat = {7: 0.3, 30: 0.3, 60: 0.3, 90: 0.3}
    await scan(api.store, [*chains, priced_chain(flat, "FLAT", AS_OF)])
    return api


async def _all_pages(api: Api, path: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        page = await api.get(path, "ann", **asked)
        assert len(page["items"]) <= query["limit"]
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
        assert len(page["items"]) == query["limit"]


@pytest.mark.parametrize("limit", [1, 7, 200])
async def test_pages_of_signals_hold_each_once_the_newest_first(scanned: Api, limit: int) -> None:
    if limit == 1:
        found = await _all_pages(scanned, "/signals", limit=limit, ticker="DEAR", since=(AS_OF - ONE_HOUR).isoformat())
        assert len(found) == 2 * 6
        return
    found = await _all_pages(scanned, "/signals", limit=limit)
    assert len(found) == 20 * 2 * 6
    assert len({one["id"] for one in found}) == len(found)
    places = [(one["as_of"], one["id"]) for one in found]
    assert places == sorted(places, reverse=True)


async def test_signals_are_filtered(scanned: Api) -> None:
    async def count(**query: Any) -> int:
        return len((await scanned.get("/signals", "ann", limit=200, **query))["items"])

    at = AS_OF.isoformat()
    assert await count(ticker="dear") == 20 * 6
    assert await count(ticker="FLAT") == 0
    assert await count(ticker="DEAR", since=at) == 6
    assert await count(until=at, ticker="DEAR") == 19 * 6
    assert await count(since=at, pair="30/60", vol_point="ATM") == 2
    assert await count(since=at, min_ff=100) == 0
    assert await count(since=at, discovery=False) == 12
    assert await count(discovery=True) == 0
    assert await count(mine=True) == 0
    assert await count(since="2026-06-01", ticker="DEAR") == 19 * 6


async def test_mine_are_those_i_was_told_about(api: Api) -> None:
    seeded = await seed_ann(api)
    mine = await api.get("/signals", "ann", mine=True)
    assert [one["id"] for one in mine["items"]] == [one.id for one in seeded.signals[:2]]
    await api.join("bob")
    assert (await api.get("/signals", "bob", mine=True))["items"] == []


async def test_one_signal_by_its_id(scanned: Api) -> None:
    first = (await scanned.get("/signals", "ann", limit=1))["items"][0]
    assert await scanned.get(f"/signals/{first['id']}", "ann") == first
    for other in (first["id"][:-1], "nothing", "%25", "%00x"):
        answer = await scanned.ask("GET", f"/signals/{other}", "ann")
        assert_problem(answer, 422 if "%00" in other else 404)


async def test_candidates_say_why_not(scanned: Api) -> None:
    flat = await scanned.get("/candidates", "ann", ticker="FLAT", pair="30/60", vol_point="ATM")
    (only,) = flat["items"]
    assert (only["reasons"], only["is_signal"]) == (["ff_below_threshold"], False)
    found = await _all_pages(scanned, "/candidates", ticker="DEAR", limit=17)
    assert len(found) == 20 * 9
    keys = [(one["as_of"], one["provider"], one["pair"], one["vol_point"]) for one in found]
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == len(keys)
    refused = await _all_pages(scanned, "/candidates", ticker="DEAR", limit=200, is_signal=False)
    for reason in {reason for one in refused for reason in one["reasons"]}:
        of_reason = await _all_pages(scanned, "/candidates", ticker="DEAR", limit=200, reason=reason)
        assert of_reason == [one for one in found if reason in one["reasons"]]
    assert_problem(await scanned.ask("GET", "/candidates", "ann"), 422)


async def test_the_term_structure_of_a_scan(scanned: Api) -> None:
    latest = await scanned.get("/tickers/dear/term-structure", "ann")
    assert (latest["ticker"], latest["as_of"]) == ("DEAR", "2026-06-01T18:00:00Z")
    assert [one["dte"] for one in latest["expiries"]] == [7, 30, 60, 90]
    assert latest["expiries"][1]["atm_iv"] == pytest.approx(0.45, abs=1e-6)
    assert latest["expiries"][1]["put_35d_iv"] == pytest.approx(0.45, abs=1e-6)
    before = await scanned.get("/tickers/DEAR/term-structure", "ann", at="2026-06-01T17:30:00Z")
    assert before["as_of"] == "2026-06-01T17:00:00Z"
    assert_problem(await scanned.ask("GET", "/tickers/NONE/term-structure", "ann"), 404)
    assert_problem(await scanned.ask("GET", "/tickers/not a ticker/term-structure", "ann"), 422, "invalid_ticker")


async def test_history_and_where_the_newest_reading_stands(api: Api) -> None:
    await api.join("ann")
    vols = [0.40, 0.42, 0.44, 0.46, 0.41]
    chains = [
        priced_chain({30: vol, 60: 0.35}, "DEAR", AS_OF - timedelta(days=len(vols) - 1 - day))
        for day, vol in enumerate(vols)
    ]
    await scan(api.store, chains)
    found = await api.get("/tickers/DEAR/history", "ann", pair="30/60", vol_point="ATM")
    assert [round(one["front_iv"], 4) for one in found["points"]] == vols
    assert found["rank"] == {
        "readings": 5,
        "first_at": "2026-05-28T18:00:00Z",
        "last_at": "2026-06-01T18:00:00Z",
        "days": 4.0,
        "ff": 0.4,
        "front_iv": 0.4,
    }
    today = found["ranks"]["front_iv"]
    assert (today["days"], today["is_thin"], today["rank"], today["last_on"]) == (5, True, None, "2026-06-01")
    assert round(today["now"], 4) == 0.41
    assert [round(one["front_iv"], 4) for one in found["days"]] == vols
    coverage = found["ranks"]["coverage"]
    assert (coverage["recorded_days"], coverage["other_days"], coverage["gaps"]) == (3, 2, [])
    assert coverage["missing_days"] == coverage["trading_days"] - 3 > 240
    last_two = await api.get("/tickers/DEAR/history", "ann", limit=2, since="2026-05-29T00:00:00Z")
    assert [round(one["front_iv"], 4) for one in last_two["points"]] == vols[-2:]
    assert last_two["rank"]["readings"] == 4
    assert [one["on"] for one in last_two["days"]] == [
        "2026-05-28",
        "2026-05-29",
        "2026-05-30",
        "2026-05-31",
        "2026-06-01",
    ]
    earlier = await api.get("/tickers/DEAR/history", "ann", until="2026-05-30T12:00:00Z")
    assert earlier["ranks"]["ff"]["last_on"] == "2026-05-30"
    nothing = await api.get("/tickers/NONE/history", "ann")
    assert (nothing["points"], nothing["rank"]["readings"], nothing["rank"]["ff"]) == ([], 0, None)


async def test_the_quality_of_what_was_recorded(api: Api) -> None:
    await api.join("ann")
    friday = AS_OF - timedelta(days=3)
    await scan(api.store, [dear_chain("DEAR", at) for at in (friday - ONE_HOUR, friday, AS_OF)])
    found = await api.get("/tickers/dear/quality", "ann", since="2026-05-27T12:00:00Z")
    assert (found["ticker"], found["until"]) == ("DEAR", "2026-06-01T18:00:00Z")
    (one,) = found["providers"]
    assert (one["provider"], one["snapshots"], one["most_a_day"], one["checked"]) == ("files", 3, 2, 3)
    assert (one["stale"], one["crossed"], one["crossed_share"]) == (1, 0, 0.0)
    assert one["coverage"]["missing_days"] == 2
    assert one["missing_points"] == {"ATM": 0.0, "35d_put": 0.0, "35d_call": 0.0}
    assert 0.0 < one["reasons"]["ff_below_threshold"] < 1.0
    assert (await api.get("/tickers/NONE/quality", "ann"))["providers"] == []
    assert_problem(await api.ask("GET", "/tickers/DEAR/quality"), 401)


async def test_bars(api: Api) -> None:
    await api.join("ann")
    await add_bars(api.store, "DEAR", day_begins(date(2026, 5, 23)), 10)
    await add_bars(api.store, "DEAR", AS_OF, 1, "1min")
    found = await api.get("/tickers/DEAR/bars", "ann", limit=3)
    assert [one["close"] for one in found["items"]] == [8.5, 9.5, 10.5]
    assert found["items"][-1]["at"] == "2026-06-01T04:00:00Z"
    assert len((await api.get("/tickers/DEAR/bars", "ann", timeframe="1min"))["items"]) == 1
    assert len((await api.get("/tickers/DEAR/bars", "ann", until="2026-05-25T00:00:00Z"))["items"]) == 2
    assert_problem(await api.ask("GET", "/tickers/DEAR/bars", "ann", params={"timeframe": "1week"}), 422)


async def test_adjusted_bars(api: Api) -> None:
    await api.join("ann")
    monday = day_begins(date(2026, 5, 18))
    await add_bars(api.store, "DEAR", monday, 3)
    actions = [
        CorporateAction("DEAR", ActionKind.SPLIT, date(2026, 5, 20), ratio=2.0),
        CorporateAction("DEAR", ActionKind.DIVIDEND, date(2026, 5, 19), amount=0.15),
        CorporateAction("DEAR", ActionKind.DIVIDEND, date(2026, 5, 20)),
    ]
    await import_events(api.store, api.clock, [], actions)
    raw = await api.get("/tickers/DEAR/bars", "ann")
    assert ([one["close"] for one in raw["items"]], raw["adjusted"]) == ([1.5, 2.5, 3.5], False)
    found = await api.get("/tickers/DEAR/bars", "ann", adjusted=True)
    assert [one["close"] for one in found["items"]] == pytest.approx([1.5 * 0.9 / 2, 1.25, 3.5])
    assert [one["volume"] for one in found["items"]] == [200, 202, 102]
    assert found["not_adjusted_for"] == [
        {"kind": "dividend", "effective_on": "2026-05-20", "why": "nobody said how much it is"}
    ]


async def test_a_decision_from_place_to_close(api: Api) -> None:
    seeded = await seed_ann(api)
    await api.join("bob")
    path = f"/signals/{seeded.signals[1].id}/decision"
    assert_problem(await api.ask("GET", path, "bob"), 404)
    body = {"decision": "placed", "entry_price": 2.5, "contracts": 2, "structure": "put", "notes": "why not"}
    made = await api.ask("POST", path, "bob", json=body)
    assert made.status_code == 201
    again = await api.ask("POST", path, "bob", json={"decision": "ignored"})
    assert (again.status_code, again.json()) == (200, made.json())
    assert (await api.get(path, "bob"))["is_open"] is True
    changed = await api.ask("PATCH", path, "bob", json={"notes": "because", "exit_price": 4.0})
    assert (changed.json()["pnl"], changed.json()["notes"], changed.json()["is_open"]) == (300.0, "because", False)
    assert_problem(await api.ask("PATCH", path, "bob", json={"exit_price": 5.0, "notes": "lost"}), 422)
    assert (await api.get(path, "bob"))["notes"] == "because"
    reopened = await api.ask("PATCH", path, "bob", json={"exit_price": None})
    assert (reopened.json()["is_open"], reopened.json()["pnl"]) == (True, None)
    assert_problem(await api.ask("POST", "/signals/none/decision", "bob", json=body), 404)
    assert len((await api.get("/decisions", "bob"))["items"]) == 1
    (anns,) = (await api.get("/decisions", "ann", open=True))["items"]
    assert (anns["notes"], anns["id"]) == (ANNS_NOTES, seeded.decision.id)
    reminders = await _all_pages(api, "/reminders", limit=1)
    assert {one["decision_id"] for one in reminders} == {seeded.decision.id}
    assert len(reminders) > 1


async def test_decisions_come_in_pages(api: Api) -> None:
    seeded = await seed_ann(api)
    for signal in seeded.signals[1:]:
        api.wait(seconds=1)
        await api.ask("POST", f"/signals/{signal.id}/decision", "ann", json={"decision": "ignored"})
    found = await _all_pages(api, "/decisions", limit=2)
    assert [one["signal_id"] for one in reversed(found)] == [one.id for one in seeded.signals]


async def test_stats(api: Api) -> None:
    seeded = await seed_ann(api)
    for signal, exit_price in zip(seeded.signals[1:4], (4.0, 1.0, None), strict=True):
        body = {"decision": "placed", "entry_price": 2.0, "contracts": 1}
        await api.ask("POST", f"/signals/{signal.id}/decision", "ann", json=body)
        if exit_price is not None:
            await api.ask("PATCH", f"/signals/{signal.id}/decision", "ann", json={"exit_price": exit_price})
    await api.ask("POST", f"/signals/{seeded.signals[4].id}/decision", "ann", json={"decision": "ignored"})
    assert await api.get("/stats", "ann") == {
        "watched": 2,
        "alerts": 2,
        "alerts_last_7_days": 2,
        "decisions": 5,
        "placed": 4,
        "ignored": 1,
        "open_positions": 2,
        "with_pnl": 2,
        "pnl": 100.0,
        "hit_rate": 0.5,
    }
    await api.join("bob")
    nothing = await api.get("/stats", "bob")
    assert set(nothing.values()) == {0, None}
