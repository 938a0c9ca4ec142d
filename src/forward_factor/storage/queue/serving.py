"""Jobs out of pgqueuer and into a handler, wherever pgqueuer keeps them.

Of pgqueuer's ways, four are worked around. A job that failed for good is held, not deleted. A job taken up again after
its process died shows no attempt more, so starts are counted in ``scan_slots``. Jobs in memory die with their process,
so every tick of the scheduler puts in what is open. And it notices a lost connection late or by an error of its driver,
so whoever serves is told that the store is unavailable, and serves anew.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.domain.models import Job

from forward_factor.errors import StoreUnavailable
from forward_factor.services.ports.jobs import ScanHandler
from forward_factor.storage.faults import translated_faults

# It writes a whole trace wherever a connection is lost; whoever serves says so in one line.
logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)

ENTRYPOINT = "scan_ticker"
REDELIVERED_AFTER = timedelta(seconds=10)
"""Silence of a job after which its process counts as dead; it says that it lives at half of that."""
LOOKS_EVERY = timedelta(seconds=2)
"""Between looks at the queue where no notice came that it changed."""
_FULL = timedelta(seconds=0.25)
"""Between looks while as many jobs are at work as may be."""


def dedupe_key(ticker: str) -> str:
    """Return what a ticker's job may be in the queue once by."""
    return f"scan:{ticker}"


async def serve_jobs(
    manager: QueueManager, handle: ScanHandler, stop: asyncio.Event, at_once: int, lost: asyncio.Event | None = None
) -> None:
    """Hand the jobs of ``manager`` to ``handle`` until ``stop``, and wait for those at work.

    Raises:
        StoreUnavailable: the connection is gone; ``lost`` says so, or a driver's error.

    """

    async def scan_ticker(job: Job) -> None:
        again = await handle((job.payload or b"").decode())
        if again is not None:
            raise RetryRequested(again.delay, again.reason)

    manager.entrypoint(ENTRYPOINT, on_failure="hold")(scan_ticker)
    manager.min_dequeue_poll_interval = _FULL
    stopping = [asyncio.create_task(_pass_on(one, manager.shutdown)) for one in (stop, lost) if one is not None]
    try:
        with translated_faults():
            await manager.run(
                dequeue_timeout=LOOKS_EVERY,
                batch_size=max(1, at_once // 2),
                max_concurrent_tasks=max(2, at_once),
                shutdown_on_listener_failure=True,
                heartbeat_timeout=REDELIVERED_AFTER,
                log_aggregation_interval=timedelta(0),
            )
    except FailingListenerError as fault:
        raise StoreUnavailable("the queue's connection hears nothing any more") from fault
    finally:
        for one in stopping:
            one.cancel()
    if lost is not None and lost.is_set():
        raise StoreUnavailable("the queue's connection is lost")


async def _pass_on(cause: asyncio.Event, shutdown: asyncio.Event) -> None:
    """Stop the manager where there is cause, but never the other way: it stops itself where it hears nothing more."""
    await cause.wait()
    shutdown.set()
