"""An account that may no longer log in, and for which nothing is scanned; all it holds stays."""

from __future__ import annotations

from forward_factor.core.accounts import DISABLED
from forward_factor.errors import NotFound
from forward_factor.services.ports import Clock, Transactions


async def disable_user(store: Transactions, clock: Clock, user_id: str) -> None:
    """Disable an account and end its sessions; its watchlist counts no longer.

    Raises:
        NotFound: there is no such account.

    """
    async with store.unit_of_work() as work:
        if not await work.users.set_status(user_id, DISABLED):
            raise NotFound("there is no such account any more")
        await work.sessions.revoke_all(user_id, clock.now())
        await work.watchlists.recount(user_id)
        await work.commit()
