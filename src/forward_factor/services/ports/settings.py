"""Where each user's own settings are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.setting_changes import StoredSettings


class SettingsRepository(Protocol):
    """Keeps users' settings; what is not stored, or is not there at all, is the default."""

    async def of_user(self, user_id: str, defaults: AccountSettings) -> StoredSettings:
        """Return a user's settings, and what of them could not be read."""

    async def lock(self, user_id: str) -> None:
        """Let nobody else change a user's settings until this transaction ends.

        Raises:
            NotFound: there is no such account.

        """

    async def store(
        self, user_id: str, settings: AccountSettings, named: Sequence[str], reset: Sequence[str] = ()
    ) -> None:
        """Store the settings that are named, and no word on those to reset; the others stay to the letter."""
