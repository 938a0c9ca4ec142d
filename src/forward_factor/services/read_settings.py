"""A user's settings."""

from __future__ import annotations

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.setting_changes import StoredSettings
from forward_factor.services.ports import Transactions

NEW_ACCOUNT = AccountSettings()


async def read_settings(store: Transactions, user_id: str, defaults: AccountSettings = NEW_ACCOUNT) -> AccountSettings:
    """Return a user's settings; ``defaults``, the application's own, stand for what is not stored."""
    return (await read_stored_settings(store, user_id, defaults)).settings


async def read_stored_settings(
    store: Transactions, user_id: str, defaults: AccountSettings = NEW_ACCOUNT
) -> StoredSettings:
    """Return a user's settings, and which stored ones could not be read and are the default in their place."""
    async with store.reading() as work:
        return await work.settings.of_user(user_id, defaults)
