"""Leases, kept among the heartbeats: a lease is the heartbeat of whoever does what only one may do.

Its row is of the service ``lease`` and the instance that the lease is called; ``state`` says who holds it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.storage import bulk
from forward_factor.storage.tables import ServiceHeartbeat, table_of

SERVICE = "lease"
SKEW = timedelta(minutes=5)
"""How far apart the clocks of two machines may be."""
_INSTANT = timedelta(microseconds=1)


class SqlLeaseRepository:
    """Leases on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(ServiceHeartbeat)

    async def take(self, name: str, holder: str, now: datetime, lasts: timedelta) -> bool:
        """Take a lease, or say again that it is held; False while it is another's.

        Two that come when it has run out meet at its row: the second waits, and then finds it taken. One from far
        ahead is from before the clock was set back, and has run out too.
        """
        table, state = self._table, {"holder": holder}
        row: dict[str, list[Any]] = {
            "service": [SERVICE],
            "instance": [name],
            "started_at": [now],
            "last_seen_at": [now],
            "state": [state],
        }
        if await bulk.insert_new(self._connection, table, row, ["service", "instance"]):
            return True
        is_free = ~table.c.last_seen_at.between(now - lasts + _INSTANT, now + lasts + SKEW)
        statement = update(table).where(self._called(name), or_(self._held_by(holder), is_free))
        found = await self._connection.execute(statement.values(last_seen_at=now, state=state))
        return found.rowcount == 1

    async def give_back(self, name: str, holder: str) -> None:
        """Let the next one have it at once."""
        await self._connection.execute(delete(self._table).where(self._called(name), self._held_by(holder)))

    def _called(self, name: str) -> ColumnElement[bool]:
        return and_(self._table.c.service == SERVICE, self._table.c.instance == name)

    def _held_by(self, holder: str) -> ColumnElement[bool]:
        holds: ColumnElement[bool] = self._table.c.state["holder"].as_string() == holder
        return holds
