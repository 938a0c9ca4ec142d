"""All accounts, as an administrator may see them."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.services.ports import Transactions
from forward_factor.services.views import UserView


async def list_users(store: Transactions) -> Sequence[UserView]:
    """Return all accounts, the oldest first."""
    async with store.reading() as work:
        return await work.users.all()
