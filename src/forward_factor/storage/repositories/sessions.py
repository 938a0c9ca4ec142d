"""Refresh tokens, a row a token."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.sessions import TokenLife
from forward_factor.services.ports.sessions import NewRefreshToken, StoredRefreshToken
from forward_factor.storage.repositories.users import user_view
from forward_factor.storage.tables import RefreshToken, User, table_of


class SqlSessionRepository:
    """Sessions on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(RefreshToken)
        self._users = table_of(User)

    async def add(self, token: NewRefreshToken) -> None:
        """Store a token."""
        row = {
            "id": token.id,
            "user_id": token.user_id,
            "family": token.family,
            "token_digest": token.digest,
            "issued_at": token.issued_at,
            "expires_at": token.expires_at,
        }
        await self._connection.execute(insert(self._table).values(row))

    async def called(self, digest: str) -> StoredRefreshToken | None:
        """Return the token with that digest."""
        return await self._one(self._table.c.token_digest == digest)

    async def with_id(self, token_id: str) -> StoredRefreshToken | None:
        """Return the token with that id."""
        return await self._one(self._table.c.id == token_id)

    async def replace(self, token_id: str, at: datetime) -> bool:
        """Mark a token as used; False if it was used or revoked meanwhile: of many who try, one succeeds."""
        table = self._table
        unused = update(table).where(
            table.c.id == token_id, table.c.replaced_at.is_(None), table.c.revoked_at.is_(None)
        )
        return (await self._connection.execute(unused.values(replaced_at=at))).rowcount == 1

    async def revoke_family(self, family: str, at: datetime) -> None:
        """End one session."""
        await self._revoke(self._table.c.family == family, at)

    async def revoke_all(self, user_id: str, at: datetime) -> None:
        """End all sessions of an account, and refuse whatever tokens were made before ``at``."""
        of_user = update(self._users).where(self._users.c.id == user_id)
        await self._connection.execute(of_user.values(tokens_valid_after=at))
        await self._revoke(self._table.c.user_id == user_id, at)

    async def forget_expired(self, user_id: str, before: datetime) -> None:
        """Delete the tokens of an account that were good until some time before ``before``."""
        table = self._table
        await self._connection.execute(delete(table).where(table.c.user_id == user_id, table.c.expires_at < before))

    async def _revoke(self, which: ColumnElement[bool], at: datetime) -> None:
        table = self._table
        await self._connection.execute(update(table).where(which, table.c.revoked_at.is_(None)).values(revoked_at=at))

    async def _one(self, which: ColumnElement[bool]) -> StoredRefreshToken | None:
        token, user = self._table, self._users
        columns = [column.label(f"token_{column.name}") for column in token.columns]
        statement = select(user, *columns).join_from(token, user, token.c.user_id == user.c.id).where(which)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else _view(row)


def _view(row: Row[Any]) -> StoredRefreshToken:
    life = TokenLife(
        issued_at=row.token_issued_at,
        expires_at=row.token_expires_at,
        replaced_at=row.token_replaced_at,
        revoked_at=row.token_revoked_at,
        valid_after=row.tokens_valid_after,
    )
    return StoredRefreshToken(row.token_id, row.token_family, life, user_view(row))
