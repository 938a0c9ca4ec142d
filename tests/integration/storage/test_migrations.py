"""Migrations up, down and up again, with data, on every store; and models equal to the schema."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from forward_factor.errors import InvalidInput, SchemaMismatch
from forward_factor.storage.engine import open_engine, parse_database_url
from forward_factor.storage.schema import downgrade_schema, read_level, require_newest, upgrade_schema
from forward_factor.storage.store import Store, open_store, read_store_status, upgrade_store
from forward_factor.storage.tables import Base, is_of_models
from tests.integration.storage.conftest import POOL
from tests.integration.storage.scanning import dear_chain, fetch, rows_by_table, scan
from tests.servers.store import StoreServer


async def test_up_down_up(empty_store_url: str) -> None:
    engine = open_engine(parse_database_url(empty_store_url), POOL)
    try:
        for _ in range(2):
            assert (await upgrade_schema(engine)).is_newest
            async with engine.connect() as connection:
                assert await connection.run_sync(_differences) == []
            assert (await downgrade_schema(engine, "base")).current is None
            async with engine.connect() as connection:
                assert await connection.run_sync(_tables_left) == set()
        assert (await upgrade_schema(engine)).is_newest
    finally:
        await engine.dispose()


async def test_time_series_step_keeps_data_on_its_way_down_and_up(store: Store) -> None:
    await scan(store, [dear_chain("AAA"), dear_chain("BBB")])
    before = await rows_by_table(store)
    signals = await fetch(store, "SELECT * FROM signals ORDER BY id")
    await downgrade_schema(store.engine, "0001")
    assert await fetch(store, "SELECT count(*) FROM option_quotes") == [(before["option_quotes"],)]
    assert await fetch(store, "SELECT * FROM signals ORDER BY id") == signals
    await upgrade_schema(store.engine)
    assert await rows_by_table(store) == before
    async with store.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    assert await fetch(store, "SELECT * FROM signals ORDER BY id") == signals


def _differences(connection: Connection) -> list[object]:
    return list(
        compare_metadata(MigrationContext.configure(connection, opts={"include_name": is_of_models}), Base.metadata)
    )


def _tables_left(connection: Connection) -> set[str]:
    names = set(MigrationContext.configure(connection).get_current_heads())
    for table in Base.metadata.sorted_tables:
        if connection.dialect.has_table(connection, table.name):
            names.add(table.name)
    return names


@pytest.mark.parametrize("revision", ["zz", "-70", "0002 ; DROP TABLE users"])
async def test_no_such_level_is_a_clear_error(store: Store, revision: str) -> None:
    before = await rows_by_table(store)
    with pytest.raises(InvalidInput, match="cannot go down"):
        await downgrade_schema(store.engine, revision)
    assert await rows_by_table(store) == before


async def test_extension_survives_a_downgrade(timescale: Store) -> None:
    await downgrade_schema(timescale.engine, "base")
    found = await fetch(timescale, "SELECT extname::text FROM pg_extension WHERE extname = 'timescaledb'")
    assert found == [("timescaledb",)]


async def test_several_upgrade_at_once(empty_store_url: str) -> None:
    levels = await asyncio.gather(*(upgrade_store(empty_store_url, POOL) for _ in range(4)))
    assert all(one.level.is_newest for one in levels)


async def test_server_is_not_upgraded_by_opening_it(postgres_store: StoreServer) -> None:
    url = postgres_store.new_url()
    with pytest.raises(SchemaMismatch, match="db upgrade"):
        async with open_store(url, POOL):
            pass
    assert (await read_store_status(url, POOL)).level.current is None


async def test_foreign_schema_is_refused_and_left_alone(empty_store_url: str) -> None:
    engine = open_engine(parse_database_url(empty_store_url), POOL)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            await connection.execute(text("INSERT INTO alembic_version VALUES ('a1b2c3d4e5f6')"))
        with pytest.raises(SchemaMismatch, match="a1b2c3d4e5f6"):
            await upgrade_schema(engine)
        async with engine.connect() as connection:
            level = await connection.run_sync(read_level)
            tables = await connection.run_sync(_tables_left)
        assert level.current == "a1b2c3d4e5f6"
        assert tables == {"a1b2c3d4e5f6"}
        with pytest.raises(SchemaMismatch):
            require_newest(level)
    finally:
        await engine.dispose()
