"""The queue of a process that has no server: it dies with the process, and is filled again from ``scan_slots``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.core.qm import QueueManager

from forward_factor.services.ports.jobs import ScanHandler
from forward_factor.storage.queue.serving import ENTRYPOINT, dedupe_key, serve_jobs


class MemoryScanQueue:
    """pgqueuer in memory; scheduler and worker of a process share one."""

    def __init__(self) -> None:
        self._queries = InMemoryQueries(InMemoryDriver())

    async def put(self, priorities: Mapping[str, int]) -> int:
        """Put in the tickers that are neither waiting nor at work; return how many."""
        tickers = list(priorities)
        put = await self._queries.enqueue(
            [ENTRYPOINT] * len(tickers),
            [ticker.encode() for ticker in tickers],
            list(priorities.values()),
            dedupe_key=[dedupe_key(ticker) for ticker in tickers],
            on_conflict="skip",
        )
        return sum(one is not None for one in put)

    async def serve(self, handle: ScanHandler, stop: asyncio.Event, *, at_once: int) -> None:
        """Hand tickers to ``handle`` until ``stop``."""
        await serve_jobs(QueueManager(self._queries), handle, stop, at_once)

    async def tidy(self) -> None:
        """Forget what became of old jobs; ``scan_slots`` says it better."""
        await self._queries.clear_queue_log()
