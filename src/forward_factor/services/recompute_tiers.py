"""How often each ticker is scanned, and how many watch it, computed anew for all of them."""

from __future__ import annotations

from forward_factor.services.ports import Clock, Transactions


async def recompute_tiers(store: Transactions, clock: Clock) -> int:
    """Set counts and tiers of all watched tickers for the session now, or the next one; return how many changed."""
    async with store.unit_of_work() as work:
        changed = await work.tiers.recompute(at=clock.now())
        await work.commit()
        return changed
