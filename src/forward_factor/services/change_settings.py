"""Settings changed by name."""

from __future__ import annotations

from collections.abc import Mapping

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.setting_changes import change
from forward_factor.services.ports import Transactions
from forward_factor.services.read_settings import NEW_ACCOUNT

DECIDE_TIERS = frozenset({"scan_priority", "alerts_paused", "timezone", "quiet_hours"})
"""Settings that say how urgently a user's tickers are scanned."""


async def change_settings(
    store: Transactions, user_id: str, changes: Mapping[str, object], defaults: AccountSettings = NEW_ACCOUNT
) -> AccountSettings:
    """Change a user's settings, all of ``changes`` or none, and return what they are now.

    Names are the fields of ``AccountSettings`` (and ``dte_pairs``, ``structure``), values as a person writes them;
    None and ``default`` go back to the default, and follow it.

    Raises:
        InvalidInput: a name or a value means nothing; one line names all faults.
        NotFound: there is no such account.

    """
    async with store.unit_of_work() as work:
        await work.settings.lock(user_id)
        stored = await work.settings.of_user(user_id, defaults)
        changed = change(stored.settings, changes, defaults)
        await work.settings.store(user_id, changed.settings, changed.named, changed.reset)
        if not DECIDE_TIERS.isdisjoint({*changed.named, *changed.reset}):
            await work.watchlists.recount(user_id)
        await work.commit()
        return changed.settings
