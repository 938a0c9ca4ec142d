"""Each user's own settings; a column that is empty is the default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.setting_changes import StoredSettings
from forward_factor.errors import NotFound
from forward_factor.storage import bulk
from forward_factor.storage.settings_columns import column_name, columns_of, selected, settings_of
from forward_factor.storage.tables import User, UserSettings, table_of


class SqlSettingsRepository:
    """Settings on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(UserSettings)

    async def of_user(self, user_id: str, defaults: AccountSettings) -> StoredSettings:
        """Return a user's settings, and what of them could not be read."""
        statement = select(*selected()).where(self._table.c.user_id == user_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return StoredSettings(defaults) if row is None else settings_of(row, defaults)

    async def lock(self, user_id: str) -> None:
        """Let nobody else change a user's settings until this transaction ends."""
        users = table_of(User)
        statement = select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True)
        if (await self._connection.execute(statement)).one_or_none() is None:
            raise NotFound("there is no such account any more")

    async def store(
        self, user_id: str, settings: AccountSettings, named: Sequence[str], reset: Sequence[str] = ()
    ) -> None:
        """Store the settings that are named, and no word on those to reset; the user must be locked."""
        await bulk.insert_columns(self._connection, self._table, {"user_id": [user_id]})
        values: dict[str, Any] = columns_of(settings, named)
        values |= {column_name(name): null() for name in reset}
        if values:
            statement = update(self._table).where(self._table.c.user_id == user_id).values(values)
            await self._connection.execute(statement)
