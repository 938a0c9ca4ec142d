"""How a store does, by three cheap questions."""

from __future__ import annotations

from functools import cache
from time import perf_counter

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Pool, QueuePool, text
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.services.health_views import PoolUse, StoreHealth
from forward_factor.storage.capabilities import read_capabilities
from forward_factor.storage.engine import is_sqlite
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.schema import newest_level


async def read_health(engine: AsyncEngine) -> StoreHealth:
    """Return how the store does.

    Raises:
        StoreUnavailable: it does not answer.

    """
    with translated_faults():
        async with engine.execution_options(reads_only=True).connect() as connection:
            return await connection.run_sync(_read)


def pool_use(engine: AsyncEngine) -> PoolUse | None:
    """Return how many connections this process has; None where the store is a file."""
    return None if is_sqlite(engine.url) else _pool_use(engine.pool)


def _read(connection: Connection) -> StoreHealth:
    connection.execute(text("SELECT 1"))  # the first question may have to connect
    began = perf_counter()
    connection.execute(text("SELECT 1"))
    latency_ms = (perf_counter() - began) * 1000
    can = read_capabilities(connection)
    heads = MigrationContext.configure(connection).get_current_heads()
    return StoreHealth(
        engine=can.name,
        version=can.version,
        extension=can.timescale,
        edition=can.edition,
        latency_ms=latency_ms,
        schema_level=heads[0] if heads else None,
        newest_level=_newest_level(),
        pool=None if can.engine == "sqlite" else _pool_use(connection.engine.pool),
    )


def _pool_use(pool: Pool) -> PoolUse | None:
    if not isinstance(pool, QueuePool):
        return None
    most = pool.size() + pool._max_overflow  # noqa: SLF001 - the pool tells everything but its limit
    return PoolUse(in_use=pool.checkedout(), idle=pool.checkedin(), most=most)


@cache
def _newest_level() -> str:
    return newest_level()
