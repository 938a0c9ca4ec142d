"""Jobs that come one by one, worked on together: those that arrive within a moment make one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from forward_factor.core.slots import SlotReason
from forward_factor.services.ports.jobs import Again
from forward_factor.serving.loop import outcome, tell_of

GATHERS_FOR_S = 0.05
AFTER_TROUBLE = timedelta(seconds=5)
STOPPED = Again(timedelta(), SlotReason.STOPPED)
Run = Callable[[Sequence[str]], Awaitable[Mapping[str, Again]]]
"""Works on a batch, and returns those that shall come again."""


class Batches:
    """Gathers tickers into batches of ``most`` or fewer and runs them; each caller waits for its own ticker."""

    def __init__(self, run: Run, most: int) -> None:
        self._run = run
        self._most = most
        self._waiting: dict[str, asyncio.Future[Again | None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._is_ending = False

    async def handle(self, ticker: str) -> Again | None:
        """Put a ticker into the next batch, and return when it shall come again, None if not."""
        if self._is_ending:
            return STOPPED
        loop = asyncio.get_running_loop()
        mine = self._waiting.setdefault(ticker, loop.create_future())
        if len(self._waiting) >= self._most:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_later(GATHERS_FOR_S, self._start)
        return await asyncio.shield(mine)

    async def end(self, within_s: float) -> None:
        """Let running batches end; stop those that take longer. What is not begun comes again elsewhere."""
        self._is_ending = True
        for future in self._take().values():
            future.set_result(STOPPED)
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self) -> None:
        batch = self._take()
        if batch:
            task = asyncio.create_task(self._work(batch))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _work(self, batch: Mapping[str, asyncio.Future[Again | None]]) -> None:
        again: Mapping[str, Again] = dict.fromkeys(batch, STOPPED)
        try:
            found = await outcome(self._run(list(batch)))
            if isinstance(found, Exception):
                tell_of(found, "a batch of scans failed, trying again", tickers=len(batch))
                again = dict.fromkeys(batch, Again(AFTER_TROUBLE, type(found).__name__))
            else:
                again = found
        finally:
            for ticker, future in batch.items():
                if not future.done():
                    future.set_result(again.get(ticker))

    def _take(self) -> Mapping[str, asyncio.Future[Again | None]]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._waiting = self._waiting, {}
        return batch
