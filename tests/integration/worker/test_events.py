"""Events as the discovery service keeps them: fresh once a day by one process of all, or that there is none is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import structlog

from forward_factor.bootstrap import Application
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.list_events import list_events
from forward_factor.storage.store import Store, open_store
from forward_factor.worker import events
from forward_factor.worker.events import keep_events
from tests.integration.storage.accounts import register
from tests.integration.storage.scanning import fetch
from tests.integration.worker.conftest import POOL
from tests.integration.worker.watching_prices import application_at

EVENING = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)


@asynccontextmanager
async def running(application: Application, store: Store, services: int = 1) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(keep_events(application, store, stop)) for _ in range(services)]
    yield
    stop.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 5)


async def watch(application: Application, store: Store) -> None:
    user = await register(store, "ann@x.de")
    await add_to_watchlist(store, application.clock, user.id, ["NFLX", "SPY"])


async def until_fetched(store: Store, kinds: int = 3) -> None:
    async with asyncio.timeout(20):
        while await fetch(store, "SELECT count(*) FROM event_fetches") != [(kinds,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_of_two_that_run_one_refreshes_each_kind_once(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOKS_EVERY_S", 0.1)
    monkeypatch.setattr(events, "WAITS_FOR_LEASE_S", 0.1)
    application = application_at(sqlite_url, EVENING, events_refresh=True)
    async with open_store(sqlite_url, POOL) as store:
        await watch(application, store)
        with structlog.testing.capture_logs() as said:
            async with running(application, store, 2):
                await until_fetched(store)
                await asyncio.sleep(0.5)
        refreshed = [line["kind"] for line in said if line["event"] == "events refreshed"]
        assert sorted(refreshed) == ["dividends", "earnings", "splits"]
        assert len((await list_events(store, "NFLX")).earnings) >= 1


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "events are not refreshed: EVENTS_REFRESH is off, or the market a simulated one"),
        ({"scan_provider": "cboe", "events_refresh": False}, "events are not refreshed: EVENTS_REFRESH is off, or"),
        ({"scan_provider": "cboe"}, "events are not refreshed: `events import` stores them"),
    ],
)
async def test_where_nothing_is_refreshed_that_is_said(sqlite_url: str, settings: dict[str, object], word: str) -> None:
    async with open_store(sqlite_url, POOL) as store:
        with structlog.testing.capture_logs() as said:
            async with running(application_at(sqlite_url, EVENING, **settings), store):
                await asyncio.sleep(0.05)
        assert [line["event"].startswith(word) for line in said] == [True]


@pytest.mark.parametrize(
    ("settings", "provider", "refreshes"),
    [
        ({"scan_provider": None}, "cboe", True),
        ({"scan_provider": "cboe", "polygon_api_key": "k"}, "polygon", True),
        ({"scan_provider": "polygon", "events_refresh": False}, "polygon", False),
        ({"scan_provider": "simulated", "polygon_api_key": "k"}, "simulated", False),
    ],
)
def test_events_come_from_where_they_belong(settings: dict[str, object], provider: str, *, refreshes: bool) -> None:
    application = application_at("sqlite://", EVENING, **settings)
    assert (application.events_provider, application.refreshes_events) == (provider, refreshes)
