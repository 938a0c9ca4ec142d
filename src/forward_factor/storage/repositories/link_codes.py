"""Digests of link codes: one a user, each of use once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.storage.tables import LinkCode, table_of


class SqlLinkCodeRepository:
    """Link codes on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(LinkCode)

    async def replace(self, user_id: str, digest: str, now: datetime, expires_at: datetime) -> None:
        """Store a code in place of those the user had; those of others that have expired go too."""
        table = self._table
        useless = or_(table.c.user_id == user_id, table.c.expires_at <= now)
        await self._connection.execute(delete(table).where(useless))
        new = {"code_digest": digest, "user_id": user_id, "expires_at": expires_at}
        await self._connection.execute(insert(table).values(new))

    async def take(self, digest: str, now: datetime) -> str | None:
        """Use a code up and return whose it is, None if it is wrong, used or too old."""
        table = self._table
        good = (table.c.code_digest == digest, table.c.used_at.is_(None), table.c.expires_at > now)
        used = update(table).where(*good).values(used_at=now).returning(table.c.user_id)
        user_id: str | None = (await self._connection.execute(used)).scalar_one_or_none()
        return user_id
