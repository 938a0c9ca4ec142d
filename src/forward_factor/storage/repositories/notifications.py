"""Notifications and their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.services.ports.notifications import NewNotification
from forward_factor.storage import bulk
from forward_factor.storage.tables import Delivery, Notification, TelegramChat, table_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SqlNotificationRepository:
    """Notifications on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: Sequence[NewNotification]) -> int:
        """Store those not stored yet, those that do not wait with a delivery to every active chat; return how many."""
        rows = [_row(one) for one in {one.dedupe_key: one for one in new}.values()]
        columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
        table = table_of(Notification)
        places = await bulk.insert_new(self._connection, table, columns, ["dedupe_key"])
        await self._deliver([rows[place] for place in places if rows[place]["state"] == "open"])
        return len(places)

    async def gather_digests(self, now: datetime) -> int:
        """Turn what waited until ``now`` or before into one digest a user, with its deliveries; return how many."""
        raise NotImplementedError

    async def _deliver(self, rows: Sequence[dict[str, Any]]) -> None:
        chats = table_of(TelegramChat)
        wanted = (chats.c.user_id.in_({row["user_id"] for row in rows}), chats.c.is_active.is_(True))
        found = (await self._connection.execute(select(chats.c.chat_id, chats.c.user_id).where(*wanted))).all()
        pairs = [(row, chat.chat_id) for row in rows for chat in found if chat.user_id == row["user_id"]]
        columns: dict[str, Sequence[Any]] = {
            "notification_id": [row["id"] for row, _ in pairs],
            "chat_id": [chat for _, chat in pairs],
            "position": [_microseconds(row["created_at"]) + place for place, (row, _) in enumerate(pairs)],
            "state": ["open"] * len(pairs),
            "attempts": [0] * len(pairs),
            "next_try_at": [row["created_at"] for row, _ in pairs],
        }
        await bulk.insert_columns(self._connection, table_of(Delivery), columns)


def _row(new: NewNotification) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "user_id": new.user_id,
        "kind": new.kind.value,
        "dedupe_key": new.dedupe_key,
        "created_at": new.created_at,
        "due_at": new.due_at,
        "state": "waiting" if new.waits else "open",
        "ticker": new.ticker,
        "signal_id": new.signal_id,
        "facts": msgspec.to_builtins(new.facts),
    }


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
