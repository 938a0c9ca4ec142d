"""Alerts that waited for the end of quiet hours, into one digest a user."""

from __future__ import annotations

from forward_factor.services.ports import Clock, Transactions


async def gather_digests(store: Transactions, clock: Clock) -> int:
    """Gather all digests that are due, some hundred users a transaction; return how many users they were of."""
    done = 0
    while True:
        async with store.unit_of_work() as work:
            some = await work.notifications.gather_digests(clock.now())
            await work.commit()
        if not some:
            return done
        done += some
