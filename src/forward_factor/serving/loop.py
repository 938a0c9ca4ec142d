"""Keep a service going, whatever happens to it: the one place where every exception is caught.

What fails is logged and done again, after a pause that doubles while it keeps failing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from traceback import format_exception
from typing import TypeVar

import structlog

from forward_factor.errors import ForwardFactorError
from forward_factor.serving.pauses import pause

log = structlog.get_logger()

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait after failures, in seconds; a run of ``healthy_s`` forgets the earlier ones."""

    first_s: float = 0.5
    longest_s: float = 15.0
    healthy_s: float = 60.0


async def outcome(work: Awaitable[Result]) -> Result | Exception:
    """Return the result of ``work``, or what it raised."""
    try:
        return await work
    except Exception as fault:  # noqa: BLE001 - whoever asks decides what to do about it
        return fault


async def keep_doing(
    name: str,
    step: Callable[[], Awaitable[object]],
    stop: asyncio.Event,
    every_s: float,
    patience: Patience = Patience(),
) -> None:
    """Do ``step`` every ``every_s`` seconds until ``stop``; one that ends by a fault is done again after a while."""
    wait_s = patience.first_s
    while not stop.is_set():
        began = time.monotonic()
        fault = await outcome(step())
        took_s = time.monotonic() - began
        if not isinstance(fault, Exception):
            wait_s = patience.first_s
            await pause(stop, max(0.0, every_s - took_s))
            continue
        if took_s >= patience.healthy_s:
            wait_s = patience.first_s
        tell_of(fault, f"{name} failed, trying again", again_in_s=wait_s)
        await pause(stop, wait_s)
        wait_s = min(2 * wait_s, patience.longest_s)


def tell_of(fault: Exception, what: str, **more: object) -> None:
    """Log a fault: one line for what is expected to happen now and then, the whole story for what is not."""
    if isinstance(fault, ForwardFactorError):
        log.warning(what, reason=fault.code, error=str(fault), **more)
    else:
        # as text: a renderer for people would draw every local variable, whole chains among them
        log.error(what, error=repr(fault), trace="".join(format_exception(fault)), **more)
