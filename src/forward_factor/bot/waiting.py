"""Waiting that ends when the process is to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0

Result = TypeVar("Result")

log = structlog.get_logger()


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, Result]) -> Result | None:
    """Return what ``work`` comes to; None, and it is cancelled, if ``stop`` comes first."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        return None
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


async def sleep_unless_stopped(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, no longer than until ``stop``."""
    await unless_stopped(stop, asyncio.sleep(seconds))


async def keep_running(name: str, work: Callable[[], Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Do ``work``, which ends at ``stop``; if it ends by a fault before, tell of it and begin again after a while."""
    pause_s = FIRST_PAUSE_S
    while not stop.is_set():
        task = asyncio.create_task(work())
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        fault = task.exception()
        if fault is None:
            return
        log.error("failed, begins again", what=name, again_in_s=pause_s, exc_info=fault)
        await sleep_unless_stopped(stop, pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
