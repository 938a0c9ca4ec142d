"""A process that delivers until stdin ends: ``python -m tests.integration.bot.posting STORE_URL API_BASE TOKEN``."""

from __future__ import annotations

import asyncio
import sys

from telegram import Bot

from forward_factor.clock import SystemClock
from forward_factor.notify.telegram import TelegramNotifier
from forward_factor.services.deliver_messages import DeliverMessages
from forward_factor.storage.store import open_store
from tests.integration.storage.conftest import POOL


async def post(url: str, base: str, token: str) -> None:
    """Say that it is ready, wait for a word, and deliver."""
    stop = asyncio.Event()
    async with open_store(url, POOL) as store, Bot(token, base_url=f"{base}/bot") as bot:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        deliveries = DeliverMessages(store, TelegramNotifier(bot), SystemClock(), look_every_s=0.02)
        delivering = asyncio.create_task(deliveries.run(stop))
        await asyncio.to_thread(sys.stdin.read)
        stop.set()
        await delivering


if __name__ == "__main__":
    asyncio.run(post(*sys.argv[1:]))
