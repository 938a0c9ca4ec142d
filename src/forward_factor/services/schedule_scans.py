"""One tick of the scheduler: what is due becomes slots, what nobody served is missed, what is open goes to the queue.

Slots are told apart by ticker and instant, and the queue takes a ticker once, so any number of schedulers may tick at
once, and a tick that was cut short is made up for by the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from forward_factor.core.slots import Cadences, SlotReason, SlotState, due_between, latest_due, served_until
from forward_factor.core.tiers import Tier
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.jobs import ScanQueue
from forward_factor.services.ports.slots import NewSlot

SLOTS_A_TRANSACTION = 20_000


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick came to.

    Attributes:
        until: the instant up to which all that was due has a slot now.
        opened: slots that became due.
        missed: slots nobody scheduled in time.
        expired: open slots whose session was over before a worker came.
        queued: tickers put into the queue.

    """

    until: datetime
    opened: int = 0
    missed: int = 0
    expired: int = 0
    queued: int = 0

    @property
    def is_silent(self) -> bool:
        """Return whether nothing happened."""
        return not (self.opened or self.missed or self.expired or self.queued)


async def schedule_scans(
    store: Transactions, clock: Clock, queue: ScanQueue, cadences: Cadences, since: datetime | None
) -> Tick:
    """Make slots of what is due by now, and put the tickers of all open ones into the queue.

    ``since`` is the instant up to which a scheduler has done so before. Of what was due from then on, the newest
    instant of each ticker is opened while its session lasts; earlier ones, of this session and the one before, are
    missed. Without it, nothing is missed.
    """
    now = clock.now()
    due = {tier: instant for tier in Tier if (instant := latest_due(cadences.of(tier), now)) is not None}
    missed = await _add_missed(store, cadences, since, now, due) if since is not None else 0
    opened = await _open(store, due) if due else 0
    expired = await _expire(store, now)
    async with store.reading() as work:
        waiting = await work.slots.waiting(now)
    queued = await queue.put(waiting) if waiting else 0
    return Tick(now, opened, missed, expired, queued)


async def _add_missed(
    store: Transactions, cadences: Cadences, since: datetime, now: datetime, due: Mapping[Tier, datetime]
) -> int:
    instants = {
        tier: [one for one in due_between(cadences.of(tier), since, now) if one != due.get(tier)] for tier in Tier
    }
    if not any(instants.values()):
        return 0
    async with store.reading() as work:
        scheduled = await work.slots.scheduled()
    slots = [NewSlot(one.ticker, instant, one.cause, one.tier) for one in scheduled for instant in instants[one.tier]]
    added = 0
    for start in range(0, len(slots), SLOTS_A_TRANSACTION):
        async with store.unit_of_work() as work:
            some = slots[start : start + SLOTS_A_TRANSACTION]
            added += await work.slots.add(some, SlotState.MISSED, now, SlotReason.SCHEDULER_DOWN)
            await work.commit()
    return added


async def _open(store: Transactions, due: Mapping[Tier, datetime]) -> int:
    async with store.reading() as work:
        lacking = await work.slots.lacking(due)
    if not lacking:
        return 0
    async with store.unit_of_work() as work:
        added = await work.slots.add([NewSlot(one.ticker, due[one.tier], one.cause, one.tier) for one in lacking])
        await work.commit()
        return added


async def _expire(store: Transactions, now: datetime) -> int:
    """Look first: a tick that changes nothing shall not wait for SQLite's one writer."""
    before = served_until(now)
    async with store.reading() as work:
        if not await work.slots.any_open_before(before):
            return 0
    async with store.unit_of_work() as work:
        expired = await work.slots.expire(before, now)
        await work.commit()
        return expired
