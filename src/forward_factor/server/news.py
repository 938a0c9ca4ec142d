"""What is new, found out once for all sessions of a process: one look at the store every two seconds while any asks."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from forward_factor.errors import StorageError
from forward_factor.services.ports import Clock
from forward_factor.storage.late_store import LateStore

LOOKS_EVERY_S = 2.0
FORGETS_AFTER_S = 10.0
"""Who has not asked for so long is not looked for any more."""


@dataclass(frozen=True, slots=True)
class News:
    """Two counts; a greater one than before says that there is something new to read."""

    signals: int
    own: int


@dataclass(slots=True)
class NewsDesk:
    """Tells sessions whether there are new signals, or new decisions of their own person's, for next to nothing.

    It looks only while somebody asks; a store that is away has no news. A first look is news: it cannot know what
    happened since the page that asks was read.
    """

    store: LateStore
    clock: Clock
    _signals: int = 0
    _own: dict[str, int] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)
    _mark: str | None = None
    _own_marks: dict[str, str] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    def ask(self, user_id: str) -> News:
        """Return the counts as they are now; the first who asks sets the desk to work."""
        self._asked[user_id] = time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_on(), name="news")
        return News(self._signals, self._own.get(user_id, 0))

    def tell(self, user_id: str) -> None:
        """Say that a person has decided something just now: their other sessions need not wait for the next look."""
        self._own[user_id] = self._own.get(user_id, 0) + 1

    async def _look_on(self) -> None:
        while self._readers():
            with suppress(StorageError):  # who reads the store for a page says that it is away
                await self.look()
            await asyncio.sleep(LOOKS_EVERY_S)

    async def look(self) -> None:
        """Look once.

        Raises:
            StorageError: the store is away.

        """
        store = await self.store.open()
        mark = await store.board.mark(_yesterday(self.clock.now()))
        if mark != self._mark:
            self._signals += 1
        self._mark = mark
        for user_id, own in (await store.board.decision_marks(self._readers())).items():
            if self._own_marks.get(user_id) != own:
                self.tell(user_id)
            self._own_marks[user_id] = own

    def _readers(self) -> list[str]:
        """Return who still asks; forget the others, so that whoever comes back begins anew."""
        oldest = time.monotonic() - FORGETS_AFTER_S
        for user_id in [one for one, at in self._asked.items() if at < oldest]:
            del self._asked[user_id]
            self._own_marks.pop(user_id, None)
        return list(self._asked)


def _yesterday(now: datetime) -> datetime:
    """Return when yesterday began, UTC: the start of a span in which signals are counted must not move all the time."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
