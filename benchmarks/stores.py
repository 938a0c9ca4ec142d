"""Stores to measure on: throw-away databases at the newest schema, of every kind this machine has."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import Store, open_store, upgrade_store
from tests.servers.native import TimescaleNativeServer
from tests.servers.postgres import PostgresServer
from tests.servers.store import SqliteStore, StoreServer
from tests.servers.timescale import TimescaleWasmServer

NATIVE_URL = "TEST_TIMESCALE_URL"
SKIP_WASM = "FORWARD_FACTOR_SKIP_WASM"


@dataclass(frozen=True, slots=True)
class OpenStore:
    """A store with the event loop it lives in."""

    name: str
    url: str
    store: Store
    runner: asyncio.Runner

    async def execute(self, *statements: str) -> None:
        """Run statements in one transaction."""
        async with self.store.engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))


@contextmanager
def sqlite() -> Iterator[OpenStore]:
    """Open a new SQLite file."""
    with tempfile.TemporaryDirectory() as folder, _opened("SQLite", SqliteStore(Path(folder), Path(folder))) as store:
        yield store


@contextmanager
def embedded_postgresql() -> Iterator[OpenStore]:
    """Open a new database on the embedded PostgreSQL."""
    server = PostgresServer()
    try:
        with _opened("PostgreSQL", server) as store:
            yield store
    finally:
        server.stop()


@contextmanager
def wasm_timescale() -> Iterator[OpenStore | None]:
    """Open a new database on TimescaleDB in WASM; None where that is not wanted."""
    if os.environ.get(SKIP_WASM) == "1":
        yield None
        return
    server = TimescaleWasmServer(turn_limit_seconds=120)
    try:
        with _opened("TimescaleDB in WASM", server) as store:
            yield store
    finally:
        server.stop()


@contextmanager
def native_timescale() -> Iterator[OpenStore | None]:
    """Open a new database on the native TimescaleDB that TEST_TIMESCALE_URL names; None where it names none."""
    url = os.environ.get(NATIVE_URL)
    if not url:
        yield None
        return
    server = TimescaleNativeServer(url)
    try:
        with _opened("native TimescaleDB", server) as store:
            yield store
    finally:
        server.stop()


@contextmanager
def _opened(name: str, server: StoreServer) -> Iterator[OpenStore]:
    url, pool = server.new_url(), PoolSettings(size=1, max_overflow=1)
    with asyncio.Runner() as runner:
        runner.run(upgrade_store(url, pool))
        opened = open_store(url, pool)
        store = runner.run(opened.__aenter__())
        try:
            yield OpenStore(name, url, store, runner)
        finally:
            runner.run(opened.__aexit__(None, None, None))
    server.drop(url)
