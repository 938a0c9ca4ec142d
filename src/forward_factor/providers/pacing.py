"""When the next request may start: within a process's own limit, the budget of all processes, a vendor's pause."""

from __future__ import annotations

import asyncio

from aiolimiter import AsyncLimiter

from forward_factor.services.ports.budgets import RequestBudget

BLOCK_S = 0.2
"""What a block of requests lasts at the full rate; fewer statements than requests where the rate is high."""
LARGEST_BLOCK = 20
KEPT_S = 2.0
"""What is left of a block lapses after that, so that a minute's excess stays below one block a process."""


class Turns:
    """Gives requests their turn."""

    def __init__(self, per_minute: float, budget: RequestBudget | None = None) -> None:
        self._rate = AsyncLimiter(1, 60.0 / per_minute)
        self._budget = budget
        self._block = max(1, min(LARGEST_BLOCK, int(per_minute / 60.0 * BLOCK_S)))
        self._reserving = asyncio.Lock()
        self._left = 0
        self._lapses_at = 0.0
        self._held_until = 0.0

    async def take(self) -> None:
        """Wait until a request may start.

        Raises:
            StoreUnavailable: the shared budget cannot be asked.

        """
        if self._budget is not None:
            await self._take_of(self._budget)
        while True:
            await self._rate.acquire()
            pause = self._held_until - _now()
            if pause <= 0:
                return
            await asyncio.sleep(pause)

    async def hold(self, pause_s: float) -> None:
        """Start no request for ``pause_s`` seconds: the vendor counts all requests together, so it is for all."""
        self._held_until = max(self._held_until, _now() + pause_s)
        if self._budget is not None:
            await self._budget.hold(pause_s)

    async def _take_of(self, budget: RequestBudget) -> None:
        async with self._reserving:  # who comes next may find something left of the block
            if self._left == 0 or _now() > self._lapses_at:
                pause = await budget.reserve(self._block)
                await asyncio.sleep(pause)
                self._left, self._lapses_at = self._block, _now() + KEPT_S
            self._left -= 1


def _now() -> float:
    return asyncio.get_running_loop().time()
