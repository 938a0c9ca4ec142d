"""Heartbeats of the services, read without the rest of the store: a health check must be light."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.errors import NotFound
from forward_factor.services.ports.service_health import Heartbeat
from forward_factor.storage.engine import PoolSettings, is_sqlite, open_engine, parse_database_url, sqlite_path
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.tables import table_of
from forward_factor.storage.tables.running import ServiceHeartbeat

_BEATS = table_of(ServiceHeartbeat)
_COLUMNS = select(_BEATS.c.service, _BEATS.c.instance, _BEATS.c.started_at, _BEATS.c.last_seen_at)


class SqlHeartbeats:
    """Heartbeats on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def latest(self, service: str, host: str, until: datetime) -> Heartbeat | None:
        """Return the newest heartbeat of a service on one machine, of those at or before ``until``."""
        on_host = _BEATS.c.instance.startswith(f"{host}:", autoescape=True)
        statement = (
            _COLUMNS.where(_BEATS.c.service == service, on_host, _BEATS.c.last_seen_at <= until)
            .order_by(_BEATS.c.last_seen_at.desc())
            .limit(1)
        )
        rows = await self._all(statement)
        return _heartbeat(rows[0]) if rows else None

    async def since(self, earliest: datetime) -> Sequence[Heartbeat]:
        """Return the heartbeats from ``earliest`` on, by service and instance."""
        statement = _COLUMNS.where(_BEATS.c.last_seen_at >= earliest).order_by(_BEATS.c.service, _BEATS.c.instance)
        return [_heartbeat(row) for row in await self._all(statement)]

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with translated_faults():
            async with self._engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
                return rows


@asynccontextmanager
async def open_heartbeats(url: str, timeout: float) -> AsyncIterator[SqlHeartbeats]:  # noqa: ASYNC109
    """Open the store at ``url`` for one look, with one connection, within ``timeout`` seconds.

    Raises:
        NotFound: a SQLite file that is not there, which connecting would make.

    """
    parsed = parse_database_url(url)
    path = sqlite_path(parsed) if is_sqlite(parsed) else None
    if path is not None and not path.exists():
        raise NotFound(f"there is no store at {path}, so nothing is at work on it")
    engine = open_engine(parsed, PoolSettings(size=1, max_overflow=0, timeout=timeout))
    try:
        yield SqlHeartbeats(engine)
    finally:
        await engine.dispose()


def _heartbeat(row: Row[Any]) -> Heartbeat:
    return Heartbeat(row.service, row.instance, row.started_at, row.last_seen_at)
