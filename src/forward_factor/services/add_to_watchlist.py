"""Tickers onto a watchlist."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.core.ticker import parse_ticker
from forward_factor.services.ports import Clock, Transactions


async def add_to_watchlist(store: Transactions, clock: Clock, user_id: str, tickers: Sequence[str]) -> Sequence[str]:
    """Put ``tickers`` on a user's watchlist, all or none; return those that were not on it.

    Raises:
        InvalidTicker: one of them is none.
        NotFound: there is no such account.

    """
    wanted = [parse_ticker(ticker) for ticker in tickers]
    async with store.unit_of_work() as work:
        added = await work.watchlists.add(user_id, wanted, clock.now())
        await work.commit()
        return added
