"""A disabled account that may log in again."""

from __future__ import annotations

from forward_factor.core.accounts import ACTIVE
from forward_factor.errors import NotFound
from forward_factor.services.ports import Transactions


async def enable_user(store: Transactions, user_id: str) -> None:
    """Enable an account; its watchlist counts again. The sessions it had stay ended.

    Raises:
        NotFound: there is no such account.

    """
    async with store.unit_of_work() as work:
        if not await work.users.set_status(user_id, ACTIVE):
            raise NotFound("there is no such account any more")
        await work.watchlists.recount(user_id)
        await work.commit()
