"""What ``db status`` says of each store."""

from __future__ import annotations

from pathlib import Path

import pytest

from forward_factor.errors import NotFound
from forward_factor.storage import status as status_module
from forward_factor.storage.engine import PoolSettings, open_engine, parse_database_url
from forward_factor.storage.status import StoreStatus, read_status
from forward_factor.storage.store import Store, downgrade_store, read_store_status
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.scanning import dear_chain, rows_by_table, scan
from tests.servers.store import StoreServer

ENGINES = {
    "sqlite": ("sqlite", "sqlite", "SQLite"),
    "postgresql": ("postgresql", "postgresql", "without TimescaleDB"),
    "timescale_wasm": ("postgresql", "timescaledb", None),
    "timescale_native": ("postgresql", "timescaledb", None),
}


async def test_empty_store(store_server: StoreServer) -> None:
    url = store_server.new_url()
    if store_server.name == "sqlite":
        with pytest.raises(NotFound, match="db upgrade"):
            await read_store_status(url, POOL)
        path = Path(url.removeprefix("sqlite+aiosqlite:///"))
        assert not path.exists()
        path.touch()
    status = await read_store_status(url, POOL)
    engine, name, lacks = ENGINES[store_server.name]
    assert (status.capabilities.engine, status.capabilities.name) == (engine, name)
    assert (status.capabilities.shortfall is None) == (lacks is None)
    assert lacks is None or lacks in (status.capabilities.shortfall or "")
    assert status.level.current is None
    assert status.rows == {}


async def test_rows_are_exact_while_few(store: Store) -> None:
    await scan(store, [dear_chain()])
    status = await _status(store)
    assert status.rows == await rows_by_table(store)
    assert status.estimated == frozenset()
    assert (status.connections is None) == (status.capabilities.engine == "sqlite")
    assert status.size_bytes > 10_000


async def test_many_rows_are_estimated_and_said_to_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_module, "COUNTED_EXACTLY", 100)
    await scan(store, [dear_chain()])
    status = await _status(store)
    assert status.estimated == {"option_quotes"}
    assert status.rows["option_quotes"] > 100


async def test_a_store_at_an_older_level_is_counted_too(store_server: StoreServer) -> None:
    url = store_server.cloned_url("newest", build)
    status = await downgrade_store(url, POOL, "0001")
    assert status.level.current == "0001"
    assert "signals" in status.rows
    assert (await read_store_status(url, POOL)).rows == status.rows


async def _status(store: Store) -> StoreStatus:
    async with store.engine.connect() as connection:
        return await connection.run_sync(read_status)


def test_pool_is_as_set() -> None:
    pool = PoolSettings(size=3, max_overflow=4, timeout=5.0, recycle=6)
    engine = open_engine(parse_database_url("postgresql://h/d"), pool)
    assert engine.pool.size() == 3  # type: ignore[attr-defined]
    assert engine.pool._max_overflow == 4  # type: ignore[attr-defined]
    assert engine.pool._timeout == 5.0  # type: ignore[attr-defined]
    assert engine.pool._recycle == 6
