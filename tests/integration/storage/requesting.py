"""A process that asks a vendor within the shared budget: ``python -m … STORE_URL VENDOR_URL REQUESTS PER_MINUTE``."""

from __future__ import annotations

import asyncio
import sys

from forward_factor.clock import SystemClock
from forward_factor.providers.http import HttpRequest, HttpSettings, HttpSource, RequestLimit
from forward_factor.storage.store import open_store
from tests.integration.storage.conftest import POOL


async def ask(store_url: str, vendor_url: str, requests: str, per_minute: str) -> None:
    """Ask as fast as the budget lets us."""
    limit = RequestLimit(concurrent=4, per_minute=float(per_minute))
    settings = HttpSettings("vendor", vendor_url, "VENDOR_URL", "check it", limit=limit)
    async with (
        open_store(store_url, POOL) as store,
        HttpSource(settings, SystemClock(), budgets=store.budgets) as source,
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        await asyncio.gather(*(source.get(HttpRequest("/x", "x")) for _ in range(int(requests))))


if __name__ == "__main__":
    asyncio.run(ask(*sys.argv[1:]))
