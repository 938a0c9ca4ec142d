"""The queue that carries due tickers to whoever is free to scan them.

``scan_slots`` says what is due; the queue only carries it, so a queue that was lost is filled again from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Again:
    """What a handler says of a job that shall come back after ``delay``."""

    delay: timedelta
    reason: str


ScanHandler = Callable[[str], Awaitable[Again | None]]
"""Scans a ticker; None where the job is over, however it ended."""


class ScanQueue(Protocol):
    """Carries tickers, each at most once at a time."""

    async def put(self, priorities: Mapping[str, int]) -> int:
        """Put in the tickers that are neither waiting nor at work, the more urgent ones first; return how many."""

    async def serve(self, handle: ScanHandler, stop: asyncio.Event, *, at_once: int) -> None:
        """Hand tickers to ``handle``, up to ``at_once`` at a time, until ``stop``; then wait for those at work.

        A ticker whose process died comes back after some seconds, to whoever serves then.

        Raises:
            StoreUnavailable: the queue's server is not there any more; serve again.

        """

    async def tidy(self) -> None:
        """Forget what the queue remembers of old jobs."""
