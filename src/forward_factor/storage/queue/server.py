"""The queue in the tables of the server itself, so that nothing else needs to run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.services.ports.jobs import ScanHandler
from forward_factor.storage.engine import open_asyncpg_pool
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.queue.serving import ENTRYPOINT, dedupe_key, serve_jobs

CONNECTIONS = 4
"""Of a process that serves: one listens, the others ask and tell."""
CLOSES_WITHIN_S = 5.0
_LIVE = "SELECT dedupe_key FROM pgqueuer WHERE status IN ('queued', 'picked') AND dedupe_key = ANY($1::text[])"
_OLD_JOBS = "DELETE FROM pgqueuer WHERE status = 'failed' AND updated < now() - interval '7 days'"
_OLD_LOG = """
DELETE FROM pgqueuer_log
WHERE created < now() - interval '7 days' OR (traceback IS NULL AND created < now() - interval '1 day')
"""


class ServerScanQueue:
    """pgqueuer on PostgreSQL; any number of processes put in and serve."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, priorities: Mapping[str, int]) -> int:
        """Put in the tickers that are neither waiting nor at work; return how many."""
        async with self._connection() as connection:
            keys = [dedupe_key(ticker) for ticker in priorities]
            live = {row["dedupe_key"] for row in await connection.fetch(_LIVE, keys)}
            tickers = [ticker for ticker in priorities if dedupe_key(ticker) not in live]
            if not tickers:
                return 0
            put = await Queries(AsyncpgDriver(connection)).enqueue(
                [ENTRYPOINT] * len(tickers),
                [ticker.encode() for ticker in tickers],
                [priorities[ticker] for ticker in tickers],
                dedupe_key=[dedupe_key(ticker) for ticker in tickers],
                on_conflict="skip",
            )
            return sum(one is not None for one in put)

    async def serve(self, handle: ScanHandler, stop: asyncio.Event, *, at_once: int) -> None:
        """Hand tickers to ``handle`` until ``stop``, by connections of its own: one must listen."""
        lost = asyncio.Event()
        with translated_faults():
            pool = await open_asyncpg_pool(self._engine.url, CONNECTIONS, lost.set)
        try:
            await serve_jobs(QueueManager(Queries(AsyncpgPoolDriver(pool))), handle, stop, at_once, lost)
        finally:
            await _close(pool)

    async def tidy(self) -> None:
        """Delete held jobs and what is told of failures after a week, of all else after a day."""
        async with self._connection() as connection:
            await connection.execute(_OLD_JOBS)
            await connection.execute(_OLD_LOG)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend the driver's own connection of the pool that all else uses; each statement is committed by itself."""
        with translated_faults():
            async with self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                yield cast("asyncpg.Connection", raw.driver_connection)


async def _close(pool: asyncpg.Pool) -> None:
    """Close in good order, or at once where a connection is lost and would be waited for for ever."""
    try:
        async with asyncio.timeout(CLOSES_WITHIN_S):
            await pool.close()
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pool.terminate()
