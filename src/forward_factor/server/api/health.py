"""``health``: whether the process and its store do their work; no token is asked for."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel, Field

from forward_factor import __version__
from forward_factor.errors import SchemaMismatch, StoreUnavailable
from forward_factor.server.deps import BackendOf
from forward_factor.services.health_views import PoolUse, StoreHealth

PATIENCE_S = 5.0
"""A store that takes longer to answer counts as down; whoever asks has given up by then."""

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: str = "healthy"
    version: str = __version__


class DatabaseHealth(BaseModel):
    """The store answers, and is at this version's schema."""

    status: str = "healthy"
    database: str = Field(description="The same as `engine`, as the plan of the move names it")
    engine: str = Field(description="sqlite, postgresql or timescaledb")
    version: str = Field(description="of SQLite or PostgreSQL")
    extension: str | None = Field(description="Version of TimescaleDB, null without it")
    edition: str | None = Field(description="timescale (community) or apache, null without TimescaleDB")
    latency_ms: float
    schema_level: str | None = Field(description="Migration the store is at")
    newest_level: str = Field(description="Migration this version needs")
    pool: PoolUse | None = Field(description="Connections of this process; null where the store is a file")


@router.get("/health")
async def read_health() -> Health:
    """Say that the process answers; says nothing of its store."""
    return Health()


@router.get("/health/db")
async def read_database_health(backend: BackendOf) -> DatabaseHealth:
    """Ask the store how it does; 503 where it does not answer within five seconds, or is at another schema."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            found = await (await backend.store.open()).health()
    except TimeoutError:
        raise StoreUnavailable(f"no answer within {PATIENCE_S:g} s") from None
    _require_newest(found)
    return DatabaseHealth(database=found.engine, **asdict(found))


def _require_newest(found: StoreHealth) -> None:
    if not found.is_at_newest:
        raise SchemaMismatch(f"the store went to schema {found.schema_level} while this version ran")
