"""Rows that have served their time, deleted on any of the three stores."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Delete, and_, delete, exists, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.slots import SlotState
from forward_factor.storage.tables import (
    AlertMark,
    Delivery,
    LinkCode,
    Notification,
    RefreshToken,
    ScanSlot,
    ServiceHeartbeat,
    table_of,
)

ON_THEIR_WAY = ("open", "sending")
WAITING = "waiting"


class SqlOldRows:
    """Deletes by age, a statement a table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def delete_slots(self, served_before: datetime, failed_before: datetime) -> int:
        """Delete slots that were due before these instants; open ones stay."""
        table = table_of(ScanSlot)
        served = and_(table.c.due_at < served_before, table.c.state.in_([SlotState.DONE.value, SlotState.MISSED.value]))
        failed = and_(table.c.due_at < failed_before, table.c.state == SlotState.FAILED.value)
        return await self._count(delete(table).where(or_(served, failed)))

    async def delete_messages(self, before: datetime) -> int:
        """Delete notifications made before an instant, with their deliveries; those still on their way stay."""
        told, ways = table_of(Notification), table_of(Delivery)
        is_under_way = exists().where(ways.c.notification_id == told.c.id, ways.c.state.in_(ON_THEIR_WAY))
        old = delete(told).where(told.c.created_at < before, told.c.state != WAITING, ~is_under_way)
        return await self._count(old)

    async def delete_ended_access(self, before: datetime) -> int:
        """Delete link codes and log-ins that ended before an instant."""
        codes, tokens = table_of(LinkCode), table_of(RefreshToken)
        of_codes = await self._count(delete(codes).where(codes.c.expires_at < before))
        return of_codes + await self._count(delete(tokens).where(tokens.c.expires_at < before))

    async def delete_heartbeats(self, before: datetime) -> int:
        """Delete the words of processes not heard of since an instant."""
        table = table_of(ServiceHeartbeat)
        return await self._count(delete(table).where(table.c.last_seen_at < before))

    async def delete_marks(self, before: date) -> int:
        """Delete what is remembered of alerts on expiries before a date."""
        table = table_of(AlertMark)
        return await self._count(delete(table).where(table.c.front_expiry < before))

    async def _count(self, statement: Delete) -> int:
        return int((await self._connection.execute(statement)).rowcount)
