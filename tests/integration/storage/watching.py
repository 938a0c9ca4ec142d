"""A process that changes one user's watchlist at random: ``python -m tests.integration.storage.watching URL EMAIL``."""

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

TICKERS = ("AAPL", "AMD", "BRK.B", "META", "MSFT", "SPY")
ROUNDS = 25


async def change(url: str, email: str) -> None:
    """Add and remove a few tickers, over and over, in any order; in the end all are watched."""
    chance = random.Random(email)
    async with open_store(url, POOL) as store:
        user = await find_user(store, email)
        for _ in range(ROUNDS):
            await add_to_watchlist(store, SystemClock(), user.id, chance.sample(TICKERS, 4))
            await remove_from_watchlist(store, user.id, chance.sample(TICKERS, 2))
        await add_to_watchlist(store, SystemClock(), user.id, chance.sample(TICKERS, len(TICKERS)))


if __name__ == "__main__":
    asyncio.run(change(*sys.argv[1:]))
