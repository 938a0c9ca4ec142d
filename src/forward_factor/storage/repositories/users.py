"""Accounts: ours, and those of the old bot beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import ACTIVE, Role, email_key, is_active
from forward_factor.services.ports import Credentials, NewUser
from forward_factor.services.views import UserView
from forward_factor.storage import bulk
from forward_factor.storage.account_rows import forget_moved
from forward_factor.storage.settings_columns import columns_of
from forward_factor.storage.tables import User, UserSettings, table_of

_ROLES = {role.value: role for role in Role}


class SqlUserRepository:
    """Accounts on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(User)

    async def add(self, user: NewUser, settings: AccountSettings) -> bool:
        """Store an account with its settings; False if its address, in any case, is another's."""
        if await self._alike(user.email):
            return False
        # two that register the same address at once meet at its unique key: the second waits, and is not new
        row: dict[str, Sequence[Any]] = {
            "id": [user.id],
            "email": [user.email],
            "email_key": [email_key(user.email)],
            "password_hash": [user.password_hash],
            "role": [user.role.value],
            "created_at": [user.created_at],
            "status": [ACTIVE],
        }
        if not await bulk.insert_new(self._connection, self._table, row, ["id"]):
            return False
        columns = {name: [value] for name, value in columns_of(settings).items()}
        await bulk.insert_columns(self._connection, table_of(UserSettings), {"user_id": [user.id], **columns})
        return True

    async def called(self, email: str) -> Credentials | None:
        """Return the account of exactly that address, else the only one whose address differs in case alone."""
        found = await self._all(select(self._table).where(self._table.c.email == email)) or await self._alike(email)
        return _credentials(found)

    async def with_id(self, user_id: str) -> Credentials | None:
        """Return an account by its id."""
        return _credentials(await self._all(select(self._table).where(self._table.c.id == user_id)))

    async def lock(self, user_id: str, *, to_delete: bool = False) -> Credentials | None:
        """Return an account that nobody else changes until this transaction ends; to delete it, nor refers to it."""
        of_user = select(self._table).where(self._table.c.id == user_id)
        return _credentials(await self._all(of_user.with_for_update(key_share=not to_delete)))

    async def replace_password_hash(self, user_id: str, new: str, instead_of: str | None = None) -> bool:
        """Store a hash, if given only in place of ``instead_of``; return whether it is stored."""
        statement = update(self._table).where(self._table.c.id == user_id).values(password_hash=new)
        if instead_of is not None:
            statement = statement.where(self._table.c.password_hash == instead_of)
        return (await self._connection.execute(statement)).rowcount == 1

    async def set_status(self, user_id: str, status: str) -> bool:
        """Store a status; False if there is no such account."""
        statement = update(self._table).where(self._table.c.id == user_id).values(status=status)
        return (await self._connection.execute(statement)).rowcount == 1

    async def delete(self, user_id: str) -> bool:
        """Delete an account with all that is of it; False if there is no such account."""
        await forget_moved(self._connection, user_id)
        return (await self._connection.execute(delete(self._table).where(self._table.c.id == user_id))).rowcount == 1

    async def all(self) -> Sequence[UserView]:
        """Return all accounts, the oldest first."""
        table = self._table
        in_order = (table.c.created_at.is_not(None), table.c.created_at, table.c.email, table.c.id)
        return [user_view(row) for row in await self._all(select(table).order_by(*in_order))]

    async def _alike(self, email: str) -> Sequence[Row[Any]]:
        """Return the accounts whose address differs from ``email`` in case alone, or not at all.

        No two stores agree what the lower case of a letter is. So the addresses of the old bot, which have no key, are
        compared here, those of the right length.
        """
        table, key = self._table, email_key(email)
        without_key = and_(table.c.email_key.is_(None), func.length(func.trim(table.c.email)) == len(email))
        rows = await self._all(select(table).where(or_(table.c.email_key == key, without_key)))
        return [row for row in rows if email_key(row.email) == key]

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        rows: Sequence[Row[Any]] = (await self._connection.execute(statement)).all()
        return rows


def user_view(row: Row[Any]) -> UserView:
    """Return an account as others may see it."""
    return UserView(
        id=row.id,
        email=row.email,
        role=_ROLES.get(row.role, Role.USER),
        is_active=is_active(row.status),
        created_at=row.created_at,
        telegram_chat_id=row.telegram_chat_id,
    )


def _credentials(found: Sequence[Row[Any]]) -> Credentials | None:
    return Credentials(user_view(found[0]), found[0].password_hash) if len(found) == 1 else None
