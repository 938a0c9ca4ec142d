"""Earnings dates from outside into the store, where the earnings gate finds them."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.core.earnings import EarningsEvent
from forward_factor.services.ports import Transactions


async def import_earnings(store: Transactions, events: Sequence[EarningsEvent]) -> int:
    """Store ``events`` in one transaction and return how many ticker-dates they are."""
    async with store.unit_of_work() as work:
        stored = await work.earnings.add(events)
        await work.commit()
        return stored
