"""``db backup`` and ``db restore``, for whatever store a URL names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor import __version__
from forward_factor.errors import InvalidBackup, InvalidInput, NotFound, SchemaMismatch
from forward_factor.storage.backup import clients, server, sqlite
from forward_factor.storage.backup.archive import (
    FORMAT,
    Manifest,
    Progress,
    appearing,
    open_backup,
    passing,
    refuse_existing,
    write_backup,
)
from forward_factor.storage.backup.contents import Contents
from forward_factor.storage.engine import PoolSettings, is_sqlite, open_engine, parse_database_url, sqlite_path
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.schema import SchemaLevel

KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "timescaledb": "TimescaleDB"}


async def backup_store(url: str, pool: PoolSettings, path: Path, now: datetime, progress: Progress) -> Manifest:
    """Write the store at ``url`` into the new file ``path`` and return what it says of itself.

    Raises:
        StorageError: the store cannot be read, or ``path`` exists or cannot be written; no file is left then.

    """
    refuse_existing(path)
    async with _engine(url, pool) as engine:
        with translated_faults():
            if is_sqlite(engine.url):
                return await _backup_file(_store_file(engine), path, now, progress)
            async with server.snapshot(engine) as (name, contents):
                client = clients.find_client(contents.major)
                manifest = Manifest(FORMAT, __version__, now, contents, client.major)
                with write_backup(path, manifest) as sink:
                    await clients.dump(client, engine.url, name, sink, progress)
                return manifest


async def restore_store(url: str, pool: PoolSettings, path: Path, progress: Progress) -> tuple[Manifest, Contents]:
    """Restore ``path`` into the empty store at ``url``; return what it says of itself and what was found after.

    The whole file is checked before the store is touched.

    Raises:
        InvalidBackup: the file is no whole backup, or not of this kind of store.
        StorageError: the store is not empty or does not suit, or the restore failed.

    """
    backup = open_backup(path, progress)
    expected = backup.manifest.contents
    if not SchemaLevel(expected.schema, "").is_known:
        raise SchemaMismatch(
            f"{path} holds schema {ascii(expected.schema)[:40]}, of a newer Forward Factor: use that one"
        )
    async with _engine(url, pool) as engine:
        if is_sqlite(engine.url) != (expected.kind == "sqlite"):
            raise InvalidBackup(
                f"{path} is of a {KINDS[expected.kind]} store, this one is {engine.url.get_backend_name()}: "
                "`forward-factor db copy` moves between kinds of store"
            )
        with translated_faults():
            if not is_sqlite(engine.url):
                return backup.manifest, await server.restore_server(engine, backup, progress)
            target = _file_of(engine)
            target.parent.mkdir(parents=True, exist_ok=True)
            sqlite.refuse_leftovers(target)
            with appearing(target) as unfinished:
                with backup.payload() as (source, size):
                    sqlite.unpack(source, size, unfinished, progress)
                return backup.manifest, await sqlite.check_restored(unfinished, expected, path)


async def _backup_file(store: Path, path: Path, now: datetime, progress: Progress) -> Manifest:
    with passing(path) as copy:
        sqlite.copy_live(store, copy, progress)
        manifest = Manifest(FORMAT, __version__, now, await sqlite.read_file_contents(copy))
        with write_backup(path, manifest) as sink:
            sqlite.pack(copy, sink, progress)
    return manifest


def _store_file(engine: AsyncEngine) -> Path:
    path = _file_of(engine)
    if not path.exists():
        raise NotFound(f"there is no store at {path}")
    return path


def _file_of(engine: AsyncEngine) -> Path:
    path = sqlite_path(engine.url)
    if path is None:
        raise InvalidInput("a store in memory has no file to back up or restore")
    return path


@asynccontextmanager
async def _engine(url: str, pool: PoolSettings) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(parse_database_url(url), pool)
    try:
        yield engine
    finally:
        await engine.dispose()
