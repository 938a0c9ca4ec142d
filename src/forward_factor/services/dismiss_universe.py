"""Do without a liquid universe."""

from __future__ import annotations

from forward_factor.services.ports import Transactions


async def dismiss_universe(store: Transactions) -> int:
    """Forget the universe, so that nothing is scanned but what somebody watches; return how many members it had."""
    async with store.unit_of_work() as work:
        stored = await work.universe.read()
        if stored.entries:
            await work.universe.clear()
            await work.commit()
    return sum(entry.is_member for entry in stored.entries)
