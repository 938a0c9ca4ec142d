"""A process that wants the installation's secret, and prints it."""

from __future__ import annotations

import asyncio
import sys

from forward_factor.clock import SystemClock
from forward_factor.services.find_session_secret import find_session_secret
from forward_factor.storage.store import open_store
from tests.integration.storage.conftest import POOL


def find(url: str) -> None:
    """Print the secret of the store at ``url``."""
    asyncio.run(_find(url))


async def _find(url: str) -> None:
    async with open_store(url, POOL) as store:
        sys.stdout.write(await find_session_secret(store, SystemClock()))
