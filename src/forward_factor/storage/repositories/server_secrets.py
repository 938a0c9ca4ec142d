"""Secrets this installation made for itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.storage import bulk
from forward_factor.storage.tables import ServerSecret, table_of


class SqlSecretRepository:
    """Secrets on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(ServerSecret)

    async def called(self, name: str) -> str | None:
        """Return a secret."""
        statement = select(self._table.c.value).where(self._table.c.name == name)
        found: str | None = (await self._connection.execute(statement)).scalar_one_or_none()
        return found

    async def keep(self, name: str, value: str, at: datetime) -> str:
        """Store a secret unless there is one; who comes second waits for the first, and gets the first one's."""
        await bulk.insert_columns(self._connection, self._table, {"name": [name], "value": [value], "created_at": [at]})
        return await self.called(name) or value
