"""The universe as a service keeps it: it is there soon after the start, and fresh after each session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest
import structlog

from forward_factor.bootstrap import Application
from forward_factor.core.universe import UniverseEntry
from forward_factor.errors import ProviderUnavailable
from forward_factor.services.list_universe import list_universe
from forward_factor.services.refresh_universe import refresh_universe
from forward_factor.storage.store import Store, open_store
from forward_factor.worker import universe
from forward_factor.worker.universe import keep_universe
from tests.integration.worker.conftest import POOL
from tests.integration.worker.watching_prices import application_at

EVENING = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)


@asynccontextmanager
async def running(application: Application, store: Store, services: int = 1) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with application.market_data() as data:
        tasks = [asyncio.create_task(keep_universe(application, store, data, stop)) for _ in range(services)]
        yield
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)


async def refreshed(store: Store) -> list[str]:
    async with asyncio.timeout(20):
        while (stored := await list_universe(store)).refreshed_on != DAY:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return [entry.ticker for entry in stored.entries if entry.is_member]


async def test_of_two_that_run_one_refreshes_the_universe_once(sqlite_url: str) -> None:
    async with open_store(sqlite_url, POOL) as store:
        with structlog.testing.capture_logs() as said:
            async with running(application_at(sqlite_url, EVENING, discovery_size=5), store, 2):
                assert len(await refreshed(store)) == 5
                await asyncio.sleep(2 * universe.WAITS_FOR_LEASE_S)
        assert [line["event"] for line in said] == ["universe refreshed"]


async def test_a_provider_that_is_down_is_said_and_asked_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [ProviderUnavailable("down")]

    async def failing(*given: object) -> object:
        if faults:
            raise faults.pop()
        return await refresh_universe(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(universe, "refresh_universe", failing)
    monkeypatch.setattr(universe, "AFTER_TROUBLE_S", 0.1)
    async with open_store(sqlite_url, POOL) as store:
        with structlog.testing.capture_logs() as said:
            async with running(application_at(sqlite_url, EVENING, discovery_size=5), store):
                await refreshed(store)
                await asyncio.sleep(0.1)
        assert [line["event"] for line in said] == ["the universe stays as it was", "universe refreshed"]


async def test_a_universe_that_is_not_wanted_any_more_is_dismissed(sqlite_url: str) -> None:
    async with open_store(sqlite_url, POOL) as store:
        async with store.unit_of_work() as work:
            await work.universe.replace([UniverseEntry("AAPL", 1, 1e9, True, DAY, True)], DAY)
            await work.commit()
        with structlog.testing.capture_logs() as said:
            async with running(application_at(sqlite_url, EVENING, discovery_size=0), store):
                await asyncio.sleep(0.5)
        assert said[0]["dismissed"] == 1
        assert (await list_universe(store)).entries == []


async def test_a_provider_without_daily_bars_is_said_once(sqlite_url: str) -> None:
    with structlog.testing.capture_logs() as said:
        application = application_at(sqlite_url, EVENING, scan_provider="cboe")
        async with open_store(sqlite_url, POOL) as store, running(application, store):
            await asyncio.sleep(0.1)
    assert [(line["event"], line["lacks"]) for line in said] == [
        (
            "there is no universe: the provider has not what it needs",
            ["daily bars of the whole market", "word on which tickers have options"],
        )
    ]
