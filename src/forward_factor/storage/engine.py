"""Database URLs and engines: any spelling of a URL in, an async engine with sane settings out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from forward_factor.errors import InvalidInput

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "postgresql+psycopg2": "postgresql+asyncpg",
    "postgresql+psycopg": "postgresql+asyncpg",
}
KNOWN_OPTIONS = {
    "sqlite": frozenset[str](),
    "postgresql": frozenset({
        "host", "passfile", "port", "prepared_statement_cache_size", "ssl", "target_session_attrs",
    }),
}  # fmt: skip
LAST_PORT = 65_535
SQLITE_BUSY_SECONDS = 60
_SERVER_SETTINGS = {"timezone": "UTC", "application_name": "forward-factor"}


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many connections a process keeps to a server; times in seconds."""

    size: int = 10
    max_overflow: int = 20
    timeout: float = 30.0
    recycle: int = 3600


def parse_database_url(text: str) -> URL:
    """Return ``text`` as a URL with this project's driver; ``sslmode`` becomes asyncpg's ``ssl``.

    Raises:
        InvalidInput: it is no URL, or of a database this project does not know. The text is not repeated:
            it may hold a password.

    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise InvalidInput("the database URL cannot be read: use sqlite:///file.db or postgresql://…") from None
    if url.drivername not in DRIVERS:
        raise InvalidInput(f"database {ascii(url.drivername)[:40]} is not known: use sqlite:/// or postgresql://")
    url = url.set(drivername=DRIVERS[url.drivername])
    if "sslmode" in url.query:
        ssl = url.query["sslmode"]
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": ssl})
    _refuse_unknown(url)
    return url


def _refuse_unknown(url: URL) -> None:
    """Refuse here what the drivers would refuse with a trace, or take for something else."""
    if url.port is not None and not 0 < url.port <= LAST_PORT:
        raise InvalidInput(f"the database URL's port {url.port} is not one from 1 to {LAST_PORT}")
    backend = url.get_backend_name()
    unknown = sorted(url.query.keys() - KNOWN_OPTIONS[backend])
    if unknown:
        known = ", ".join(sorted({"sslmode", *KNOWN_OPTIONS[backend]})) if KNOWN_OPTIONS[backend] else "none"
        raise InvalidInput(f"the database URL's option {ascii(unknown[0])[:40]} is not known; {backend} knows: {known}")


def is_sqlite(url: URL) -> bool:
    """Return whether ``url`` names a SQLite store."""
    return url.get_backend_name() == "sqlite"


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a SQLite URL, None for one in memory."""
    return Path(url.database) if url.database and url.database != ":memory:" else None


def open_engine(url: URL, pool: PoolSettings | None = None) -> AsyncEngine:
    """Return an engine; nothing is connected yet."""
    return _open_sqlite(url) if is_sqlite(url) else _open_postgresql(url, pool or PoolSettings())


async def connect_asyncpg(url: URL, timeout: float = 30.0) -> asyncpg.Connection:  # noqa: ASYNC109
    """Return a connection of the driver's own, for bulk work that no engine should come between."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    return await asyncpg.connect(**arguments, server_settings=_SERVER_SETTINGS, timeout=timeout)


async def open_asyncpg_pool(
    url: URL,
    size: int,
    on_loss: Callable[[], None],
    timeout: float = 10.0,  # noqa: ASYNC109
) -> asyncpg.Pool:
    """Return a pool of connections of the driver's own; no command on them takes longer than ``timeout`` seconds.

    ``on_loss`` is called when one of them ends, by the server or by us.
    """

    async def watch(connection: asyncpg.Connection) -> None:
        connection.add_termination_listener(lambda _connection: on_loss())

    _, arguments = url.get_dialect()().create_connect_args(url)
    return await asyncpg.create_pool(
        **arguments,
        min_size=1,
        max_size=size,
        server_settings=_SERVER_SETTINGS,
        timeout=timeout,
        command_timeout=timeout,
        max_inactive_connection_lifetime=0.0,
        init=watch,
    )


def _open_postgresql(url: URL, pool: PoolSettings) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool.size,
        max_overflow=pool.max_overflow,
        pool_timeout=pool.timeout,
        pool_recycle=pool.recycle,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"server_settings": _SERVER_SETTINGS, "timeout": pool.timeout},
    )


def _open_sqlite(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": SQLITE_BUSY_SECONDS})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver would begin late and upgrade locks; we begin ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    options: Mapping[str, Any] = connection.get_execution_options()
    # A writer that began deferred fails at once when another wrote meanwhile; one that begins immediate waits.
    connection.exec_driver_sql("BEGIN" if options.get("reads_only") else "BEGIN IMMEDIATE")
