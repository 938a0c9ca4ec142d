"""Be the only process that does something, for as long as one says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from forward_factor.services.ports import Clock, Transactions

LASTS = timedelta(seconds=12)
"""After a killed process, the next one takes over when its lease has run out."""


class HoldLease:
    """A lease of one process. It runs out by the holder's own clock too, so one that was stopped holds nothing."""

    def __init__(self, store: Transactions, clock: Clock, name: str, lasts: timedelta = LASTS) -> None:
        self._store = store
        self._clock = clock
        self._name = name
        self._lasts = lasts
        self._holder = uuid4().hex
        self._held_until = datetime.min.replace(tzinfo=UTC)

    @property
    def is_held(self) -> bool:
        """Return whether this process holds it."""
        return self._clock.now() < self._held_until

    @property
    def lasts(self) -> timedelta:
        """Return how long it is held without being renewed."""
        return self._lasts

    async def renew(self) -> bool:
        """Take it, or say again that it is held; return whether it is.

        Raises:
            StoreUnavailable: until then it is held as long as it was.

        """
        now = self._clock.now()
        async with self._store.unit_of_work() as work:
            is_held = await work.leases.take(self._name, self._holder, now, self._lasts)
            await work.commit()
        self._held_until = now + self._lasts if is_held else now
        return is_held

    async def give_back(self) -> None:
        """Let the next process have it at once."""
        self._held_until = datetime.min.replace(tzinfo=UTC)
        async with self._store.unit_of_work() as work:
            await work.leases.give_back(self._name, self._holder)
            await work.commit()
