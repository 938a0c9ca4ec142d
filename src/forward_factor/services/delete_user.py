"""The end of an account, and of all that is of it."""

from __future__ import annotations

from forward_factor.errors import NotFound
from forward_factor.services.ports import Transactions


async def delete_user(store: Transactions, user_id: str) -> None:
    """Delete an account with its settings, watchlist, sessions, chats, messages, decisions and reminders.

    The account is locked first, before the tickers it watches are, as everywhere. Signals and candidates are of
    everybody and stay.

    Raises:
        NotFound: there is no such account.

    """
    async with store.unit_of_work() as work:
        if await work.users.lock(user_id, to_delete=True) is None:
            raise NotFound("there is no such account any more")
        watched = await work.watchlists.of_user(user_id)
        await work.users.delete(user_id)
        await work.watchlists.recount_tickers([one.ticker for one in watched])
        await work.commit()
