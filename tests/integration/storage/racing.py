"""One of several processes that scan the same tickers at once, with alerts; started by the test of alerts at once.

``python -m tests.integration.storage.racing URL NUMBER``: it says "ready" and waits for a line before each round, so
that all take each step at once.
"""

from __future__ import annotations

import asyncio
import random
import sys
from datetime import timedelta

from forward_factor.core.chain import Chain
from forward_factor.storage.store import Store, open_store
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.alerting import scan_live
from tests.integration.storage.conftest import POOL

ROUNDS = 6
PROCESSES = 4
TICKERS = ("SAME", "RISES", "FOUND", "TWICE")


async def race(url: str, number: int) -> None:
    """Scan in step with the others: the same instant of one ticker, neighbouring ones of the others."""
    chance = random.Random(number)
    async with open_store(url, POOL) as store:
        for step in range(ROUNDS):
            await _in_step()
            await _scan_all(store, chance, step, number)


async def _scan_all(store: Store, chance: random.Random, step: int, number: int) -> None:
    chains = [racing_chain(ticker, step, number) for ticker in chance.sample(TICKERS, len(TICKERS))]
    now = AS_OF + timedelta(minutes=(step + 1) * PROCESSES)
    if chance.random() < 0.5:
        await scan_live(store, *chains, now=now)
        return
    for chain in chains:
        await scan_live(store, chain, now=now)


def racing_chain(ticker: str, step: int, number: int) -> Chain:
    """Return a dear chain; RISES is dearer every minute, TWICE is the same snapshot for all."""
    minute = step * PROCESSES + (0 if ticker == "TWICE" else number)
    front = 0.40 + minute / 400 if ticker == "RISES" else 0.45
    vols = {30: front, 60: 0.35}
    return priced_chain(vols, ticker, AS_OF + timedelta(minutes=minute), spot=100 + minute / 1000)


async def _in_step() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(race(sys.argv[1], int(sys.argv[2])))
