"""The scheduler: every second a tick, before each session the tiers anew, once a day the old rows away."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

import structlog

from forward_factor.core.market_hours import current_or_next_session
from forward_factor.core.slots import Cadences
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.heartbeats import Facts
from forward_factor.services.ports.jobs import ScanQueue
from forward_factor.services.recompute_tiers import recompute_tiers
from forward_factor.services.record_heartbeat import read_facts
from forward_factor.services.schedule_scans import schedule_scans
from forward_factor.services.tidy_store import tidy_store
from forward_factor.serving.loop import keep_doing

log = structlog.get_logger()

SERVICE = "scheduler"
TICKS_EVERY_S = 1.0
TIDIES_EVERY_S = 24 * 3600.0
SCHEDULED_UNTIL = "scheduled_until"


class Scheduler:
    """Makes slots of what is due, and carries them to the queue; any number may do so at once."""

    def __init__(self, store: Transactions, clock: Clock, queue: ScanQueue, cadences: Cadences) -> None:
        self._store = store
        self._clock = clock
        self._queue = queue
        self._cadences = cadences
        self._is_begun = False
        self._since: datetime | None = None
        self._tiers_for: date | None = None
        self._tally: Counter[str] = Counter(opened=0, missed=0, expired=0)

    async def run(self, stop: asyncio.Event) -> None:
        """Schedule until ``stop``."""
        async with asyncio.TaskGroup() as both:
            both.create_task(keep_doing("scheduling", self.tick, stop, TICKS_EVERY_S))
            both.create_task(keep_doing("tidying", self.tidy, stop, TIDIES_EVERY_S))

    def facts(self) -> Facts:
        """Return what the heartbeat tells, and the next scheduler starts from."""
        until = {SCHEDULED_UNTIL: self._since.isoformat()} if self._since is not None else {}
        return {**self._tally, **until}

    async def tick(self) -> None:
        """Do what is due now."""
        if not self._is_begun:
            self._since = scheduled_until(await read_facts(self._store, SERVICE))
            self._is_begun = True
        day = current_or_next_session(self._clock.now()).day
        if day != self._tiers_for:
            changed = await recompute_tiers(self._store, self._clock)
            log.info("tiers computed", session=day.isoformat(), changed=changed)
            self._tiers_for = day
        done = await schedule_scans(self._store, self._clock, self._queue, self._cadences, self._since)
        self._since = done.until
        self._tally.update(opened=done.opened, missed=done.missed, expired=done.expired)
        if not done.is_silent:
            log.info("scheduled", slots=done.opened, queued=done.queued, missed=done.missed, expired=done.expired)

    async def tidy(self) -> None:
        """Delete old rows."""
        done = await tidy_store(self._store, self._clock)
        await self._queue.tidy()
        log.info("tidied", slots=done.slots, messages=done.messages, others=done.others)


def scheduled_until(facts: Sequence[Facts]) -> datetime | None:
    """Return the instant up to which any scheduler has made slots, as far as they told."""
    told = [text for one in facts if isinstance(text := one.get(SCHEDULED_UNTIL), str)]
    return max((datetime.fromisoformat(text) for text in told), default=None)
