"""An account that may no longer log in, and for which nothing is scanned; all it holds stays."""

from __future__ import annotations

from forward_factor.core.accounts import DISABLED
from forward_factor.errors import NotFound
from forward_factor.services.ports import Transactions


async def disable_user(store: Transactions, user_id: str) -> None:
    """Disable an account; its watchlist counts no longer.

    Raises:
        NotFound: there is no such account.

    """
    async with store.unit_of_work() as work:
        if not await work.users.set_status(user_id, DISABLED):
            raise NotFound("there is no such account any more")
        await work.watchlists.recount(user_id)
        await work.commit()
