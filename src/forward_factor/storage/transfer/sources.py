"""Stores to move from, by URL, each looked at before anything is done about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import URL

from forward_factor.errors import InvalidInput
from forward_factor.storage.engine import (
    connect_asyncpg,
    is_sqlite,
    parse_database_url,
    sqlite_path,
)
from forward_factor.storage.transfer.server_source import ServerSource, check_server_source, open_server_source
from forward_factor.storage.transfer.sqlite_level import is_torn, settled
from forward_factor.storage.transfer.sqlite_source import (
    SqliteSource,
    check_sqlite_source,
    open_sqlite_source,
)

Source = SqliteSource | ServerSource


def identity_of(url: URL) -> str:
    """Return what names a store, without user or password."""
    path = sqlite_path(url) if is_sqlite(url) else None
    if path is not None:
        return path.resolve().as_uri()
    return f"postgresql://{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"


def parse_one(text: str) -> URL:
    """Return the URL of a store that lasts.

    Raises:
        InvalidInput: it cannot be read, or is of a store in memory.

    """
    url = parse_database_url(text)
    if is_sqlite(url) and sqlite_path(url) is None:
        raise InvalidInput("a move needs files: give sqlite:///FILE")
    return url


def parse_pair(source: str, target: str) -> tuple[URL, URL]:
    """Return both URLs.

    Raises:
        InvalidInput: one cannot be read, is of no lasting store, or both are the same store.

    """
    urls = parse_one(source), parse_one(target)
    if identity_of(urls[0]) == identity_of(urls[1]):
        raise InvalidInput("source and target are the same store")
    return urls


async def check_source(url: URL) -> None:
    """Look whether a source is one that can be moved, before anything is done about it.

    Raises:
        NotFound, SchemaMismatch, StorageError: it is not.

    """
    if is_sqlite(url):
        if not await asyncio.to_thread(is_torn, file_of(url)):
            await asyncio.to_thread(check_sqlite_source, file_of(url))
        return
    async with open_connection(url) as connection:
        await check_server_source(connection)


@asynccontextmanager
async def open_source(url: URL, *, legacy_only: bool) -> AsyncIterator[Source]:
    """Open a consistent snapshot of a store.

    Args:
        url: the store.
        legacy_only: read only what the old bot's schema has room for.

    """
    if is_sqlite(url):
        with settled(file_of(url)) as path:
            async with open_sqlite_source(path, legacy_only=legacy_only) as source:
                source.identity = identity_of(url)
                yield source
        return
    async with (
        open_connection(url) as connection,
        open_server_source(connection, identity_of(url), legacy_only=legacy_only) as server,
    ):
        yield server


def file_of(url: URL) -> Path:
    """Return the file of a SQLite store that lasts."""
    path = sqlite_path(url)
    assert path is not None
    return path


@asynccontextmanager
async def open_connection(url: URL) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection of the driver's own to a server."""
    connection = await connect_asyncpg(url)
    try:
        yield connection
    finally:
        connection.terminate()
