"""A process that serves the queue and dies of its work: ``python -m tests.integration.storage.serving URL``."""

from __future__ import annotations

import asyncio
import sys

from forward_factor.services.ports.jobs import Again
from forward_factor.storage.store import open_store
from tests.integration.storage.conftest import POOL


async def serve(url: str) -> None:
    """Say what came, and never finish it."""

    async def handle(ticker: str) -> Again | None:
        sys.stdout.write(f"{ticker}\n")
        sys.stdout.flush()
        await asyncio.sleep(600)
        return None

    async with open_store(url, POOL) as store:
        queue = store.scan_queue()
        assert queue is not None
        await queue.serve(handle, asyncio.Event(), at_once=4)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
