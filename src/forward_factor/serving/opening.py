"""Open the store of a service, as soon as there is one: services and their database may start in any order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from forward_factor.bootstrap import Application
from forward_factor.errors import StoreUnavailable
from forward_factor.serving.pauses import pause
from forward_factor.storage.store import Store

log = structlog.get_logger()

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0


@asynccontextmanager
async def opened_store(application: Application, stop: asyncio.Event) -> AsyncIterator[Store | None]:
    """Open the store, waiting for its server as long as it takes; None where the service was stopped meanwhile.

    Raises:
        SchemaMismatch: the store is of another version; waiting would not help.

    """
    async with AsyncExitStack() as stack:
        yield await _open(application, stop, stack)


async def _open(application: Application, stop: asyncio.Event, stack: AsyncExitStack) -> Store | None:
    wait_s = FIRST_WAIT_S
    while not stop.is_set():
        try:
            return await stack.enter_async_context(application.store())
        except StoreUnavailable as fault:
            log.warning("waiting for the database", error=str(fault), again_in_s=wait_s)
        await pause(stop, wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
    return None
