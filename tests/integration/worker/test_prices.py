"""The price watch as a service: on the simulated market and a store, and followed by another when it is killed."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import pytest
import structlog
from sqlalchemy import insert, select

from forward_factor.bootstrap import Application
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.storage.store import Store, open_store
from forward_factor.storage.tables import MasterTicker, ScanSlot, ServiceHeartbeat
from forward_factor.worker.prices import watch_prices
from tests.fakes.stream_server import KEY, Play, StreamServer, aggregates
from tests.fakes.vendor_server import Answer, VendorServer
from tests.integration.worker.conftest import POOL, build
from tests.integration.worker.watching_prices import application_at
from tests.servers.postgres import PostgresServer

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
LEASE_S = 2.0


@asynccontextmanager
async def running(application: Application, store: Store) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with application.market_data() as data:
        task = asyncio.create_task(watch_prices(application, store, data, stop))
        yield
        stop.set()
        await asyncio.wait_for(task, 5)


async def scanned(store: Store, moved: dict[str, float]) -> None:
    """Store that tickers are watched, and were scanned at so many times what they cost."""
    market = SimulatedMarket()
    rows: list[dict[str, Any]] = [
        {"ticker": ticker, "active_subscriber_count": 1, "last_scan_price": times * market.spot(ticker, NOON)}
        for ticker, times in moved.items()
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(MasterTicker), rows)


async def slots(store: Store) -> dict[str, tuple[str, str]]:
    async with store.engine.connect() as connection:
        rows = (await connection.execute(select(ScanSlot.ticker, ScanSlot.cause, ScanSlot.state))).all()
    return {row.ticker: (row.cause, row.state) for row in rows}


async def until(fulfilled: Callable[[dict[str, tuple[str, str]]], bool], store: Store, within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not fulfilled(await slots(store)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_move_makes_a_ticker_due_now(sqlite_url: str) -> None:
    async with open_store(sqlite_url, POOL) as store:
        await scanned(store, {"AAPL": 0.99, "MSFT": 1.0, "NVDA": 1.02})
        async with running(application_at(sqlite_url, NOON), store):
            await until(lambda found: len(found) == 2, store)
        assert await slots(store) == {"AAPL": ("price_move", "open"), "NVDA": ("price_move", "open")}
        async with store.engine.connect() as connection:
            assert (await connection.execute(select(ServiceHeartbeat))).all() == []


async def test_nothing_is_due_while_the_market_is_closed(sqlite_url: str) -> None:
    async with open_store(sqlite_url, POOL) as store:
        await scanned(store, {"AAPL": 0.5})
        async with running(application_at(sqlite_url, EVENING), store):
            await asyncio.sleep(1.5)
        assert await slots(store) == {}


async def test_a_watch_that_is_not_wanted_says_so_and_ends(sqlite_url: str) -> None:
    application = application_at(sqlite_url, NOON, price_move_pct=0)
    with structlog.testing.capture_logs() as said:
        async with open_store(sqlite_url, POOL) as store, application.market_data() as data:
            await asyncio.wait_for(watch_prices(application, store, data, asyncio.Event()), 5)
    assert [line["event"] for line in said] == ["prices are not watched: PRICE_MOVE_PCT is 0"]


@pytest.mark.parametrize("key", [KEY, "a-wrong-key"])
async def test_polygon_is_watched_by_its_stream_and_where_it_refuses_by_asking(sqlite_url: str, key: str) -> None:
    refusal = "no stream of prices, they are asked for instead"
    snapshot = {"tickers": [{"ticker": "AAPL", "lastTrade": {"p": 101.0, "t": NOON.timestamp() * 1e9}}]}
    play = Play(frames=(aggregates(NOON, AAPL=101.0),))
    async with open_store(sqlite_url, POOL) as store, StreamServer(play) as stream:
        await scanned(store, {"AAPL": 100.0 / SimulatedMarket().spot("AAPL", NOON)})
        with VendorServer() as vendor, structlog.testing.capture_logs() as said:
            if key != KEY:
                vendor.script("/v2/snapshot/locale/us/markets/stocks/tickers", Answer(json.dumps(snapshot).encode()))
            application = application_at(
                sqlite_url,
                NOON,
                scan_provider="polygon",
                polygon_api_key=key,
                polygon_base_url=vendor.url,
                polygon_stream_url=stream.url,
            )
            async with running(application, store):
                await until(lambda found: "AAPL" in found, store)
                await asyncio.sleep(1.2)
    assert [line["event"] for line in said].count(refusal) == (key != KEY)
    assert key not in str(said)


@asynccontextmanager
async def watching(url: str, offset_s: float) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "tests.integration.worker.watching_prices", url, str(offset_s), str(LEASE_S))
    process = await asyncio.create_subprocess_exec(*command, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def says(process: Process, *texts: str) -> str:
    """Return the first line that has one of ``texts`` in it."""
    assert process.stderr is not None
    async with asyncio.timeout(30):
        async for line in process.stderr:
            if any(text in line.decode() for text in texts):
                return line.decode()
    raise AssertionError(f"it ended without saying {texts}")


@pytest.mark.postgresql
async def test_when_the_watching_process_is_killed_another_takes_over_within_seconds(
    postgres_server: PostgresServer,
) -> None:
    offset_s = (NOON - datetime.now(UTC)).total_seconds()
    url = await asyncio.to_thread(postgres_server.cloned_url, "newest", build)
    async with open_store(url, POOL) as store, watching(url, offset_s) as one, watching(url, offset_s) as other:
        await scanned(store, {"AAPL": 0.99})
        said = await asyncio.gather(*(says(process, "process watches prices") for process in (one, other)))
        first, second = (one, other) if "this process" in said[0] else (other, one)
        assert sorted("this process" in line for line in said) == [False, True]
        await until(lambda found: "AAPL" in found, store)
        first.kill()
        killed_at = monotonic()
        await scanned(store, {"NVDA": 1.02})
        await says(second, "this process watches prices")
        await until(lambda found: "NVDA" in found, store)
        assert monotonic() - killed_at < LEASE_S + 8
    postgres_server.drop(url)
