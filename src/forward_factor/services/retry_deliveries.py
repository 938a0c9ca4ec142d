"""Another try for messages that were given up."""

from __future__ import annotations

from forward_factor.services.ports import Clock, Transactions


async def retry_deliveries(
    store: Transactions, clock: Clock, notification_id: str | None = None, chat_id: str | None = None
) -> int:
    """Have what was given up sent again, all of it or what is named; return how many messages that is."""
    async with store.unit_of_work() as work:
        reopened = await work.deliveries.reopen(clock.now(), notification_id, chat_id)
        await work.commit()
        return reopened
