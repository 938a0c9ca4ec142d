"""Messages on their way: of each chat the first one is claimed, and no two at once.

A claim is committed before its message is sent and settled after. So a message is found ``sending`` by others only if
its sender died, or did not hear how it went; it may have arrived.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.services.ports.deliveries import ClaimedDelivery
from forward_factor.storage.facts_json import facts_from_json
from forward_factor.storage.tables import Delivery, Notification, TelegramChat, table_of

OPEN, SENDING, SENT, FAILED = "open", "sending", "sent", "failed"
_ON_ITS_WAY = (OPEN, SENDING)
_AS_READ = ("notification_id", "chat_id", "attempts", "state")


class SqlDeliveryRepository:
    """Deliveries on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(Delivery)
        self._chats = table_of(TelegramChat)

    async def is_any_due(self, now: datetime) -> bool:
        """Return whether a message may be claimed."""
        for is_due in self._dues(now):
            if await self._chats_of(self._heads(now).where(is_due).limit(1)):
                return True
        return False

    async def claim(
        self, now: datetime, until: datetime, most: int, busy_chats: Collection[str]
    ) -> Sequence[ClaimedDelivery]:
        """Claim the first message of each of ``most`` chats in which none is on its way, and which are not busy.

        The chats are locked first, so that no two processes look for the head of one at the same time; who holds a
        lock is passed over. Then what they hold is read anew: it may have changed while the lock was got.
        """
        held = await self._hold_chats(now, most, busy_chats)
        if not held:
            return []
        table = self._table
        is_due = or_(*self._dues(now))
        rows = (await self._connection.execute(self._messages(now).where(is_due, table.c.chat_id.in_(held)))).all()
        as_read = [tuple(getattr(row, name) for name in _AS_READ) for row in rows]
        taken = update(table).where(tuple_(*(table.c[name] for name in _AS_READ)).in_(as_read))
        claimed = taken.values(state=SENDING, attempts=table.c.attempts + 1, claimed_until=until)
        mine = (await self._connection.execute(claimed.returning(table.c.notification_id, table.c.chat_id))).all()
        keys = {tuple(one) for one in mine}
        return [_claimed(row) for row in rows if (row.notification_id, row.chat_id) in keys]

    async def mark_sent(self, claimed: ClaimedDelivery, sent_at: datetime, message_id: str) -> bool:
        """Say that a message was taken."""
        return await self._settle(
            claimed, state=SENT, sent_at=sent_at, message_id=message_id, claimed_until=None, error=None
        )

    async def put_off(self, claimed: ClaimedDelivery, until: datetime, reason: str, *, may_have_arrived: bool) -> bool:
        """Give a claim back until later. What may have arrived stays ``sending``: so the next one will know."""
        if may_have_arrived or claimed.may_repeat:
            return await self._settle(claimed, claimed_until=until, error=reason)
        return await self._settle(claimed, state=OPEN, next_try_at=until, claimed_until=None, error=reason)

    async def fail(self, claimed: ClaimedDelivery, now: datetime, reason: str) -> bool:
        """Give a message up; ``next_try_at`` tells when."""
        return await self._settle(claimed, state=FAILED, next_try_at=now, claimed_until=None, error=reason)

    async def fail_chat(self, chat_id: str, now: datetime, reason: str) -> int:
        """Give up all that is on its way to a chat; return how many."""
        table = self._table
        on_its_way = update(table).where(table.c.chat_id == chat_id, table.c.state.in_(_ON_ITS_WAY))
        failed = on_its_way.values(state=FAILED, next_try_at=now, claimed_until=None, error=reason)
        return (await self._connection.execute(failed)).rowcount

    async def reopen(self, now: datetime, notification_id: str | None = None, chat_id: str | None = None) -> int:
        """Have what was given up, or those of it that are named, sent again; return how many."""
        table = self._table
        named = {"notification_id": notification_id, "chat_id": chat_id}
        wanted = [table.c[name] == value for name, value in named.items() if value is not None]
        failed = update(table).where(table.c.state == FAILED, *wanted)
        return (await self._connection.execute(failed.values(state=OPEN, next_try_at=now, error=None))).rowcount

    async def _hold_chats(self, now: datetime, most: int, busy_chats: Collection[str]) -> Sequence[str]:
        held: list[str] = []
        for is_due in self._dues(now):
            not_wanted = self._table.c.chat_id.not_in([*busy_chats, *held])
            free = self._heads(now).where(is_due, not_wanted).limit(most - len(held))
            if len(held) < most:
                held += await self._chats_of(free.with_for_update(of=self._chats, key_share=True, skip_locked=True))
        return held

    def _dues(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        """Return when a message may be claimed: one that is open, one whose claim has ended. Each has its index."""
        table = self._table
        return (
            and_(table.c.state == SENDING, table.c.claimed_until <= now),
            and_(table.c.state == OPEN, table.c.next_try_at <= now),
        )

    def _heads(self, now: datetime) -> Select[Any]:
        """Select the chats of the first messages, where none is on its way, the longest due first."""
        table = self._table
        joined = table.join(self._chats, self._chats.c.chat_id == table.c.chat_id)
        return select(table.c.chat_id).select_from(joined).where(self._is_head(now)).order_by(table.c.next_try_at)

    def _messages(self, now: datetime) -> Select[Any]:
        table, told = self._table, table_of(Notification)
        joined = table.join(told, told.c.id == table.c.notification_id)
        columns = (told.c.kind, told.c.facts, told.c.created_at)
        return select(table, *columns).select_from(joined).where(self._is_head(now)).order_by(table.c.position)

    def _is_head(self, now: datetime) -> ColumnElement[bool]:
        table, earlier, under_way = self._table, self._table.alias("earlier"), self._table.alias("under_way")
        is_before = tuple_(earlier.c.position, earlier.c.notification_id) < tuple_(
            table.c.position, table.c.notification_id
        )
        has_earlier = exists().where(earlier.c.chat_id == table.c.chat_id, earlier.c.state.in_(_ON_ITS_WAY), is_before)
        has_under_way = exists().where(
            under_way.c.chat_id == table.c.chat_id, under_way.c.state == SENDING, under_way.c.claimed_until > now
        )
        return and_(~has_earlier, ~has_under_way)

    async def _chats_of(self, statement: Select[Any]) -> Sequence[str]:
        chats: Sequence[str] = (await self._connection.execute(statement)).scalars().all()
        return chats

    async def _settle(self, claimed: ClaimedDelivery, **values: Any) -> bool:
        table = self._table
        mine = update(table).where(
            table.c.notification_id == claimed.notification_id,
            table.c.chat_id == claimed.chat_id,
            table.c.state == SENDING,
            table.c.attempts == claimed.attempts,
        )
        return (await self._connection.execute(mine.values(**values))).rowcount == 1


def _claimed(row: Row[Any]) -> ClaimedDelivery:
    return ClaimedDelivery(
        notification_id=row.notification_id,
        chat_id=row.chat_id,
        facts=facts_from_json(row.kind, row.facts),
        created_at=row.created_at,
        attempts=row.attempts + 1,
        may_repeat=row.state == SENDING,
    )
