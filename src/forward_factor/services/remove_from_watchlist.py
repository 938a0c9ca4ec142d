"""Tickers off a watchlist."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.core.ticker import parse_ticker
from forward_factor.services.ports import Transactions


async def remove_from_watchlist(store: Transactions, user_id: str, tickers: Sequence[str]) -> Sequence[str]:
    """Take ``tickers`` off a user's watchlist, all or none; return those that were on it.

    Raises:
        InvalidTicker: one of them is none.
        NotFound: there is no such account.

    """
    unwanted = [parse_ticker(ticker) for ticker in tickers]
    async with store.unit_of_work() as work:
        removed = await work.watchlists.remove(user_id, unwanted)
        await work.commit()
        return removed
