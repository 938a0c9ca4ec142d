"""Watchlists and settings over HTTP."""

from __future__ import annotations

import pytest

from tests.integration.server.conftest import Api, assert_problem


async def test_a_watchlist_is_filled_read_and_emptied(api: Api) -> None:
    await api.join("ann")
    added = await api.ask("POST", "/watchlist", "ann", json={"tickers": ["aapl", "BRK.B", "AAPL"]})
    assert added.json() == {"added": ["AAPL", "BRK.B"], "already": []}
    again = await api.ask("POST", "/watchlist", "ann", json={"tickers": ["AAPL", "MSFT"]})
    assert again.json() == {"added": ["MSFT"], "already": ["AAPL"]}
    items = (await api.get("/watchlist", "ann"))["items"]
    assert [one["ticker"] for one in items] == ["AAPL", "BRK.B", "MSFT"]
    assert all(one["tier"] for one in items)
    assert items[0]["added_at"] == "2026-06-01T18:00:00Z"
    assert (await api.ask("DELETE", "/watchlist/brk.b", "ann")).status_code == 204
    assert_problem(await api.ask("DELETE", "/watchlist/BRK.B", "ann"), 404, "not_found")
    assert [one["ticker"] for one in (await api.get("/watchlist", "ann"))["items"]] == ["AAPL", "MSFT"]


@pytest.mark.parametrize("tickers", [[], ["../etc"], ["AAPL", ""], ["AAPL\0"], ["A" * 16], [None], "AAPL", ["A"] * 201])
async def test_what_is_no_ticker_is_refused_and_nothing_added(api: Api, tickers: object) -> None:
    await api.join("ann")
    assert_problem(await api.ask("POST", "/watchlist", "ann", json={"tickers": tickers}), 422)
    assert (await api.get("/watchlist", "ann"))["items"] == []


async def test_settings_are_read_and_changed(api: Api) -> None:
    await api.join("ann")
    before = await api.get("/settings", "ann")
    assert (before["ff_threshold"], before["timezone"]) == (0.2, "America/New_York")
    changes = {
        "ff_threshold": 0.31,
        "pairs": ["30/60", {"front": 45, "back": 90, "front_tolerance": 3}],
        "quiet_hours": {"enabled": True, "start": "23:30"},
        "timezone": "Europe/Berlin",
        "bankroll": 10000,
        "vol_point": "35d_put",
        "alerts_paused": True,
    }
    changed = await api.ask("PATCH", "/settings", "ann", json=changes)
    assert changed.status_code == 200, changed.text
    after = await api.get("/settings", "ann")
    assert after == changed.json()
    assert after["quiet_hours"] == {"enabled": True, "start": "23:30", "end": "08:00"}
    assert [(one["front"], one["back"]) for one in after["pairs"]] == [(30, 60), (45, 90)]
    assert (after["bankroll"], after["vol_point"], after["alerts_paused"]) == (10000, "35d_put", True)
    reset = await api.ask("PATCH", "/settings", "ann", json={"ff_threshold": None})
    assert reset.json()["ff_threshold"] == 0.2


@pytest.mark.parametrize(
    "changes",
    [
        {"ff_threshold": 1e300},
        {"ff_threshold": "a lot"},
        {"timezone": "Mars/Olympus"},
        {"pairs": []},
        {"pairs": ["60/30"]},
        {"min_volume": -1},
        {"nonsense": 1},
        {"quiet_hours": {"start": "25:00"}},
        {"quiet_hours": {"enabled": True, "nonsense": 1}},
        {"timezone": "UTC\0"},
    ],
)
async def test_settings_that_mean_nothing_change_nothing(api: Api, changes: dict[str, object]) -> None:
    await api.join("ann")
    before = await api.get("/settings", "ann")
    assert_problem(await api.ask("PATCH", "/settings", "ann", json={"min_open_interest": 7} | changes), 422)
    assert await api.get("/settings", "ann") == before
