"""The heartbeat of a service: every few seconds a row that says that it lives, and what it did."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from forward_factor.errors import StorageError
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.heartbeats import Facts
from forward_factor.services.ports.service_health import Heartbeat
from forward_factor.services.record_heartbeat import record_heartbeat

log = structlog.get_logger()

BEATS_EVERY_S = 10.0


def instance() -> str:
    """Return what this process is called among those of its service: machine and process number."""
    return f"{socket.gethostname()}:{os.getpid()}"


@asynccontextmanager
async def beating(
    store: Transactions, clock: Clock, service: str, facts: Callable[[], Facts] = dict
) -> AsyncIterator[None]:
    """Let the heart beat while the body runs, and once more at the end."""
    heart = _Heart(store, clock, service, facts)
    task = asyncio.create_task(heart.keep_beating())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await heart.beat()


class _Heart:
    def __init__(self, store: Transactions, clock: Clock, service: str, facts: Callable[[], Facts]) -> None:
        self._store = store
        self._clock = clock
        self._service = service
        self._facts = facts
        self._started_at = clock.now()

    async def keep_beating(self) -> None:
        while True:
            await self.beat()
            await asyncio.sleep(BEATS_EVERY_S)

    async def beat(self) -> None:
        """Beat once; a store that is away does not stop the service."""
        now = self._clock.now()
        try:
            await record_heartbeat(
                self._store, Heartbeat(self._service, instance(), self._started_at, now), self._facts()
            )
        except StorageError as fault:
            log.warning("no heartbeat", error=str(fault))
