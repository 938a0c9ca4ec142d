"""A process that changes one user's watchlist: ``python -m tests.integration.storage.watching URL EMAIL``.

Before each step it says that it is ready, and waits for a line on stdin, so that many take the step at once.
"""

from __future__ import annotations

import asyncio
import random
import sys

from forward_factor.clock import SystemClock
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.find_user import find_user
from forward_factor.services.remove_from_watchlist import remove_from_watchlist
from forward_factor.storage.store import open_store
from tests.integration.storage.conftest import POOL

TICKERS = tuple(f"T{number}" for number in range(40))
ROUNDS = 10
STEPS = 1 + len(TICKERS)


async def change(url: str, email: str) -> None:
    """Add and remove some tickers in any order; then add each by itself, as everybody else does just then."""
    chance, clock = random.Random(email), SystemClock()
    async with open_store(url, POOL) as store:
        user = await find_user(store, email)
        await _in_step()
        for _ in range(ROUNDS):
            await add_to_watchlist(store, clock, user.id, chance.sample(TICKERS, 20))
            await remove_from_watchlist(store, user.id, chance.sample(TICKERS, 20))
        await remove_from_watchlist(store, user.id, TICKERS)
        for ticker in TICKERS:
            await _in_step()
            await add_to_watchlist(store, clock, user.id, [ticker])


async def _in_step() -> None:
    """Wait until everybody is as far."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(change(*sys.argv[1:]))
