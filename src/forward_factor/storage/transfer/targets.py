"""Stores to move to, by URL, each checked before anything is touched."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from urllib.parse import quote

import asyncpg
from sqlalchemy import URL, Connection, inspect, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.errors import InvalidInput, SchemaMismatch, StorageError, StoreUnavailable
from forward_factor.storage.capabilities import Capabilities, read_capabilities
from forward_factor.storage.engine import (
    PoolSettings,
    is_sqlite,
    open_engine,
)
from forward_factor.storage.schema import SchemaLevel, read_level, require_newest, upgrade_schema
from forward_factor.storage.tables import Base
from forward_factor.storage.transfer import ledger, server_sql
from forward_factor.storage.transfer.catalogue import HISTORY, LOCAL, TableSpec, own_catalogue
from forward_factor.storage.transfer.legacy import LEGACY_KEYS, LEGACY_REVISION
from forward_factor.storage.transfer.server_target import ServerTarget
from forward_factor.storage.transfer.sources import Source, file_of, identity_of, open_connection
from forward_factor.storage.transfer.sqlite_level import ledger_file, require_upgradable, sqlite_level
from forward_factor.storage.transfer.sqlite_source import (
    text_or_bytes,
)
from forward_factor.storage.transfer.sqlite_target import SqliteTarget

Target = SqliteTarget | ServerTarget
_HOLD_KEY, _HOLD_TRIES, _HOLD_PAUSE_S = 0x4646_0002, 600, 0.1
"""Key of the advisory locks that a copy holds; any constant of our own will do."""
_POOL = PoolSettings(size=3, max_overflow=1)


@asynccontextmanager
async def preparing_target(url: URL, *, is_legacy: bool) -> AsyncIterator[asyncio.Task[Capabilities | None]]:
    """Look at a server and bring its schema up if it is empty, while a source is being opened."""
    if is_legacy and not is_sqlite(url):
        raise InvalidInput("the old bot's schema is for SQLite files: give a target such as sqlite:///ffbot.db")
    task = asyncio.create_task(_prepared(url))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # where the source failed first, nobody asks any more


async def _prepared(url: URL) -> Capabilities | None:
    if is_sqlite(url):
        return None
    async with _engine(url) as engine:
        return await _prepare_server(engine)


@asynccontextmanager
async def open_target(
    url: URL, source: Source, capabilities: Capabilities | None, *, is_legacy: bool
) -> AsyncIterator[Target]:
    """Open a target that is empty, or holds an earlier pass of the same copy; ``capabilities`` are a server's.

    Raises:
        StorageError: it holds something else.
        SchemaMismatch: it holds rows under another schema.

    """
    if capabilities is None:
        async with _sqlite_target(url, source, is_legacy=is_legacy) as target:
            target.identity = identity_of(url)
            yield target
        return
    async with open_connection(url) as connection, open_connection(url) as finisher:
        for number, one in enumerate((connection, finisher)):
            await one.execute(server_sql.SETTINGS)
            await _hold(one, number)
        server = await _server_target(connection, finisher, capabilities, source)
        server.identity = identity_of(url)
        yield server


async def _hold(connection: asyncpg.Connection, number: int) -> None:
    """Keep other copies out as long as the connection lives; what a killed one still does there is waited for."""
    for _ in range(_HOLD_TRIES):
        if await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", _HOLD_KEY, number):
            return
        await asyncio.sleep(_HOLD_PAUSE_S)
    raise StoreUnavailable("another copy into this target is under way: wait until it has ended")


async def look_at_target(url: URL) -> str:
    """Return in one line what a target is and holds; changes nothing.

    Raises:
        StorageError, SchemaMismatch: nothing can be copied there.

    """
    if is_sqlite(url):
        found = await asyncio.to_thread(sqlite_level, file_of(url))
        return "SQLite, " + ("a new file" if found is None else f"a file at schema {found}")
    async with _engine(url) as engine, engine.connect() as connection:
        capabilities = await connection.run_sync(read_capabilities)
        level, tables, holds_rows = await connection.run_sync(_look)
    _require_room(level, tables, holds_rows=holds_rows)
    state = "holds rows: a copy goes on only where they are of an earlier pass" if holds_rows else "empty"
    extension = capabilities.timescale or capabilities.timescale_available
    return (
        f"PostgreSQL {capabilities.version}, {f'TimescaleDB {extension}' if extension else 'no TimescaleDB'}, {state}"
    )


async def target_is_legacy(url: URL) -> bool:
    """Return whether a target has the old bot's schema."""
    return is_sqlite(url) and await asyncio.to_thread(sqlite_level, file_of(url)) == LEGACY_REVISION


@asynccontextmanager
async def open_existing_target(url: URL, source: Source) -> AsyncIterator[Target]:
    """Open a target to look at, and never change it.

    Raises:
        StorageError: there is no run of this copy in it.

    """
    if is_sqlite(url):
        path = file_of(url)
        if not path.is_file():
            raise StorageError(f"there is no file {path}")
        is_legacy = await target_is_legacy(url)
        if is_legacy and not ledger_file(path).exists():
            raise StorageError(f"{path} is an old bot's file that no copy of ours made: nothing to verify it by")
        with closing(_connect(path, is_legacy=is_legacy, read_only=True)) as connection:
            target = SqliteTarget(connection, _new_run(source), False, is_legacy, identity=identity_of(url))
            yield await _existing(target, source)
        return
    async with _engine(url) as engine, engine.connect() as plain:
        require_newest(await plain.run_sync(read_level))
        capabilities = await plain.run_sync(read_capabilities)
    async with open_connection(url) as connection, open_connection(url) as finisher:
        run, named = _new_run(source), identity_of(url)
        yield await _existing(ServerTarget(connection, finisher, capabilities, run, False, identity=named), source)


async def _existing(target: Target, source: Source) -> Target:
    run = await ledger.read_run(target)
    if run is None:
        raise StorageError("the target holds no copy: nothing to verify, run `forward-factor db copy` first")
    _require_same(run, source)
    target.run = run
    if isinstance(target, SqliteTarget):
        _take_spellings(target)
    return target


async def _prepare_server(engine: AsyncEngine) -> Capabilities:
    async with engine.connect() as connection:
        level, tables, holds_rows = await connection.run_sync(_look)
    _require_room(level, tables, holds_rows=holds_rows)
    if not level.is_newest:
        await upgrade_schema(engine)
    async with engine.connect() as connection:
        return await connection.run_sync(read_capabilities)


def _require_room(level: SchemaLevel, tables: list[str], *, holds_rows: bool) -> None:
    if level.current is None and tables:
        raise StorageError(
            f"the target is not empty: it holds {len(tables)} tables of something else ({', '.join(tables)[:80]}); "
            "give an empty database"
        )
    if not level.is_newest and (holds_rows or not level.is_known):
        require_newest(level)


def _look(connection: Connection) -> tuple[SchemaLevel, list[str], bool]:
    level = read_level(connection)
    tables = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
    known = [table for table in Base.metadata.tables.values() if table.name in tables and level.is_known]
    return (
        level,
        tables,
        any(connection.execute(select(literal(1)).select_from(table).limit(1)).first() for table in known),
    )


async def _server_target(
    connection: asyncpg.Connection, finisher: asyncpg.Connection, capabilities: Capabilities, source: Source
) -> ServerTarget:
    target = ServerTarget(connection, finisher, capabilities, _new_run(source), True, _primary_keys())
    run = await ledger.read_run(target)
    if run is None:
        await _require_empty(target, own_catalogue())
        return target
    _require_same(run, source)
    target.run, target.is_fresh = run, False
    return target


@asynccontextmanager
async def _sqlite_target(url: URL, source: Source, *, is_legacy: bool) -> AsyncIterator[SqliteTarget]:
    path = file_of(url)
    level = await asyncio.to_thread(sqlite_level, path)
    if is_legacy:
        if level not in {None, LEGACY_REVISION}:
            raise SchemaMismatch(f"{path} is a store of schema {ascii(level)[:40]}, not the old bot's: give a new file")
    elif level == LEGACY_REVISION:
        raise SchemaMismatch(f"{path} is the old bot's file: give a new file, or say --target-schema legacy")
    else:
        await asyncio.to_thread(require_upgradable, path, level)
        path.parent.mkdir(parents=True, exist_ok=True)
        async with _engine(url) as engine:
            await upgrade_schema(engine)
    if is_legacy and level is not None and not ledger_file(path).exists():
        raise StorageError(
            f"{path} is an old bot's file that no copy of ours made, and is never written: "
            "move it away, or give another name"
        )
    with closing(_connect(path, is_legacy=is_legacy, read_only=False)) as connection:
        yield await _opened_sqlite(connection, source, is_legacy=is_legacy)


async def _opened_sqlite(connection: sqlite3.Connection, source: Source, *, is_legacy: bool) -> SqliteTarget:
    conflicts = LEGACY_KEYS if is_legacy else _primary_keys()
    target = SqliteTarget(connection, _new_run(source), True, is_legacy, conflicts)
    if is_legacy:
        _make_ledger(target)
    run = await ledger.read_run(target)
    if run is not None:
        _require_same(run, source)
        target.run, target.is_fresh = run, False
        _take_spellings(target)
    elif not is_legacy:
        await _require_empty(target, own_catalogue())
    return target


def _take_spellings(target: SqliteTarget) -> None:
    """Have an old bot's file spelled as the passes before spelled it."""
    if target.is_legacy:
        target.sparse_instants = {name: frozenset(one) for name, one in target.run.spellings.items()}


async def _require_empty(target: Target, tables: tuple[TableSpec, ...]) -> None:
    for table in tables:
        if await target.fetch(f'SELECT 1 FROM "{table.name}" LIMIT 1'):
            raise StorageError(
                f"the target is not empty: there are rows in {table.name}, and no earlier pass of this copy; "
                "give an empty database"
            )


def _make_ledger(target: SqliteTarget) -> None:
    """Make the ledger's tables in the file attached beside an old bot's file."""
    for name in (*LOCAL, *HISTORY):
        table = Base.metadata.tables[name]
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
        target.connection.execute(f'CREATE TABLE IF NOT EXISTS ledger."{name}" ({columns}, PRIMARY KEY ({key}))')


def _primary_keys() -> dict[str, tuple[str, ...]]:
    """Return the primary key of every table in our schema that has one."""
    keys = {table.name: Base.metadata.tables[table.name].primary_key.columns.keys() for table in own_catalogue()}
    return {name: tuple(columns) for name, columns in keys.items() if columns}


def _require_same(run: ledger.Run, source: Source) -> None:
    if run.source != source.identity:
        raise StorageError(
            f"the target holds a copy of another source ({run.source}), not of {source.identity}: give an empty target"
        )


def _new_run(source: Source) -> ledger.Run:
    return ledger.Run.of(source.identity, source.level, source.schema)


def _connect(path: Path, *, is_legacy: bool, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=60
    )
    connection.execute(f"PRAGMA foreign_keys = {'OFF' if is_legacy else 'ON'}")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -65536")
    if is_legacy:
        connection.text_factory = text_or_bytes
        ledger_path = quote(str(ledger_file(path)))
        connection.execute("ATTACH ? AS ledger", (f"file:{ledger_path}?mode={mode}",))
    return connection


@asynccontextmanager
async def _engine(url: URL) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(url, _POOL)
    try:
        yield engine
    finally:
        await engine.dispose()
