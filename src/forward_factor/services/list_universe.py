"""What is in the liquid universe, and what was left out of it."""

from __future__ import annotations

from forward_factor.services.ports import Transactions
from forward_factor.services.ports.universe import StoredUniverse


async def list_universe(store: Transactions) -> StoredUniverse:
    """Return the universe as the last refresh left it, by rank."""
    async with store.reading() as work:
        return await work.universe.read()
