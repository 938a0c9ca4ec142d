"""What was given up, and how much is on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.core.messages import MessageKind
from forward_factor.services.chat_views import DeadLetter
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.tables import Delivery, Notification, table_of


class SqlDeliveries:
    """Deliveries on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def dead_letters(self, limit: int = 100) -> Sequence[DeadLetter]:
        """Return what was given up, the newest first."""
        table, told = table_of(Delivery), table_of(Notification)
        joined = table.join(told, told.c.id == table.c.notification_id)
        columns = (told.c.user_id, told.c.kind, told.c.ticker, told.c.created_at)
        failed = select(table, *columns).select_from(joined).where(table.c.state == "failed")
        rows = await self._all(failed.order_by(table.c.next_try_at.desc(), table.c.position.desc()).limit(limit))
        return [_dead_letter(row) for row in rows]

    async def count_by_state(self) -> Mapping[str, int]:
        """Return how many deliveries there are in each state."""
        table = table_of(Delivery)
        rows = await self._all(select(table.c.state, func.count().label("amount")).group_by(table.c.state))
        return {row.state: row.amount for row in rows}

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with translated_faults():
            async with self._engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
                return rows


def _dead_letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(
        notification_id=row.notification_id,
        chat_id=row.chat_id,
        user_id=row.user_id,
        kind=MessageKind(row.kind),
        ticker=row.ticker,
        created_at=row.created_at,
        failed_at=row.next_try_at,
        attempts=row.attempts,
        error=row.error,
    )
