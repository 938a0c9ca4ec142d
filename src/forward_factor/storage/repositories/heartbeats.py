"""The last word of every process, on any of the three stores."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.services.ports.heartbeats import Facts
from forward_factor.services.ports.service_health import Heartbeat
from forward_factor.storage import bulk
from forward_factor.storage.tables import ServiceHeartbeat, table_of


class SqlHeartbeatRepository:
    """Heartbeats on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(ServiceHeartbeat)

    async def beat(self, heartbeat: Heartbeat, facts: Facts) -> None:
        """Store a process's newest word in place of the one before."""
        table = self._table
        key = (table.c.service == heartbeat.service, table.c.instance == heartbeat.instance)
        said = {"last_seen_at": heartbeat.last_seen_at, "started_at": heartbeat.started_at, "state": dict(facts)}
        if (await self._connection.execute(update(table).where(*key).values(said))).rowcount:
            return
        row = {"service": heartbeat.service, "instance": heartbeat.instance, **said}
        await bulk.insert_columns(self._connection, table, {name: [value] for name, value in row.items()})

    async def facts_of(self, service: str) -> Sequence[Facts]:
        """Return the last facts of all processes of a service, of those that have ended too."""
        table = self._table
        rows = await self._connection.execute(select(table.c.state).where(table.c.service == service))
        return [state for state in rows.scalars() if isinstance(state, dict)]
