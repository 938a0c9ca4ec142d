"""What a user watches."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.services.ports import Transactions
from forward_factor.services.views import WatchedTicker


async def list_watchlist(store: Transactions, user_id: str) -> Sequence[WatchedTicker]:
    """Return a user's watchlist, by ticker."""
    async with store.reading() as work:
        return await work.watchlists.of_user(user_id)
