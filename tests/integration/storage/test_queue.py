"""The queue in memory and on servers: each ticker once at a time, the urgent first, back again where a process died."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from forward_factor.errors import StoreUnavailable
from forward_factor.services.ports.jobs import Again, ScanHandler, ScanQueue
from forward_factor.storage.queue.memory import MemoryScanQueue
from forward_factor.storage.queue.serving import REDELIVERED_AFTER
from forward_factor.storage.store import open_store
from tests.integration.storage.conftest import POOL, build
from tests.servers.postgres import PostgresServer
from tests.servers.store import StoreServer

REPOSITORY = Path(__file__).resolve().parents[3]
IN_TIME_S = 20.0


@pytest.fixture(params=["memory", "postgresql", "timescale_native"])
async def queue(request: pytest.FixtureRequest) -> AsyncIterator[ScanQueue]:
    """Each queue; in WASM there is no LISTEN, so nobody can serve there."""
    if request.param == "memory":
        yield MemoryScanQueue()
        return
    name = "postgres_server" if request.param == "postgresql" else "timescale_native_server"
    server: StoreServer = request.getfixturevalue(name)
    url = server.cloned_url("newest", build)
    async with open_store(url, POOL) as store:
        kept = store.scan_queue()
        assert kept is not None
        yield kept
    server.drop(url)


@asynccontextmanager
async def served(queue: ScanQueue, handle: ScanHandler, at_once: int = 8) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    serving = asyncio.create_task(queue.serve(handle, stop, at_once=at_once))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(serving, IN_TIME_S)


async def until(is_so: Callable[[], bool], within_s: float = IN_TIME_S) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def noting(seen: list[str]) -> Callable[[str], Awaitable[Again | None]]:
    async def handle(ticker: str) -> Again | None:
        seen.append(ticker)
        return None

    return handle


async def test_a_ticker_is_in_it_once_until_it_is_done(queue: ScanQueue) -> None:
    assert await queue.put({"AAPL": 10, "SPY": 20}) == 2
    assert await queue.put({"AAPL": 40, "MSFT": 10}) == 1
    at_work, go = asyncio.Event(), asyncio.Event()
    seen: list[str] = []

    async def handle(ticker: str) -> Again | None:
        seen.append(ticker)
        at_work.set()
        await go.wait()
        return None

    async with served(queue, handle):
        await until(lambda: len(seen) == 3)
        assert await queue.put({"AAPL": 10}) == 0  # at work
        go.set()
        await until_put(queue, "AAPL")
        await until(lambda: seen.count("AAPL") == 2)
    assert sorted(seen) == ["AAPL", "AAPL", "MSFT", "SPY"]


async def until_put(queue: ScanQueue, ticker: str) -> None:
    async with asyncio.timeout(IN_TIME_S):
        while not await queue.put({ticker: 10}):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_the_urgent_come_first(queue: ScanQueue) -> None:
    await queue.put({f"T{priority:02}": priority for priority in (10, 0, 30, 20, 40)})
    seen: list[str] = []
    async with served(queue, noting(seen), at_once=2):
        await until(lambda: len(seen) == 5)
    assert seen == ["T40", "T30", "T20", "T10", "T00"]


async def test_what_shall_come_again_does_after_a_while(queue: ScanQueue) -> None:
    times: list[float] = []

    async def handle(_ticker: str) -> Again | None:
        times.append(time.monotonic())
        return Again(timedelta(seconds=0.5), "busy") if len(times) < 3 else None

    await queue.put({"AAPL": 10})
    async with served(queue, handle):
        await until(lambda: len(times) == 3)
        assert min(times[1] - times[0], times[2] - times[1]) >= 0.5
        await asyncio.sleep(0.5)
    assert len(times) == 3


async def test_a_handler_that_fails_costs_nobody_else(queue: ScanQueue) -> None:
    seen: list[str] = []

    async def handle(ticker: str) -> Again | None:
        seen.append(ticker)
        if ticker == "BAD":
            raise ZeroDivisionError
        return None

    await queue.put({"BAD": 10, "GOOD": 0})
    async with served(queue, handle):
        await until(lambda: "GOOD" in seen)
        await until_put(queue, "BAD")  # held, which does not keep it out
    await queue.tidy()


async def test_it_stops_when_what_is_at_work_is_done(queue: ScanQueue) -> None:
    seen: list[str] = []

    async def handle(ticker: str) -> Again | None:
        await asyncio.sleep(0.3)
        seen.append(ticker)
        return None

    await queue.put(dict.fromkeys((f"T{number}" for number in range(20)), 10))
    async with served(queue, handle, at_once=4) as stop:
        await asyncio.sleep(0.15)
        stop.set()
    assert 1 <= len(seen) <= 4


@pytest.mark.postgresql
async def test_a_killed_process_gives_its_tickers_back_within_seconds(postgres_server: PostgresServer) -> None:
    url = postgres_server.cloned_url("newest", build)
    async with open_store(url, POOL) as store:
        queue = store.scan_queue()
        assert queue is not None
        await queue.put({"AAPL": 10})
        doomed = _doomed(url)
        assert doomed.stdout is not None
        assert await asyncio.to_thread(doomed.stdout.readline) == b"AAPL\n"
        doomed.kill()
        doomed.communicate()
        killed_at, seen = time.monotonic(), list[str]()
        async with served(queue, noting(seen)):
            await until(lambda: seen == ["AAPL"], REDELIVERED_AFTER.total_seconds() + 5)
        assert time.monotonic() - killed_at < REDELIVERED_AFTER.total_seconds() + 5
    postgres_server.drop(url)


@pytest.mark.postgresql
async def test_a_server_that_restarts_is_told_and_served_again(postgres_server: PostgresServer) -> None:
    url = postgres_server.cloned_url("newest", build)
    async with open_store(url, POOL) as store:
        queue = store.scan_queue()
        assert queue is not None
        seen: list[str] = []
        serving = asyncio.create_task(queue.serve(noting(seen), asyncio.Event(), at_once=4))
        await queue.put({"AAPL": 10})
        await until(lambda: seen == ["AAPL"])
        await asyncio.to_thread(postgres_server.restart)
        await asyncio.wait({serving}, timeout=8)
        assert isinstance(serving.exception(), StoreUnavailable)
        async with served(queue, noting(seen)):
            await until_put(queue, "SPY")
            await until(lambda: "SPY" in seen)
    postgres_server.drop(url)


def _doomed(url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.integration.storage.serving", url]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE)
