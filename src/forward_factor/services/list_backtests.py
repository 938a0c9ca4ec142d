"""The backtests a user had run."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.services.backtest_views import LOST_AFTER, RunView
from forward_factor.services.ports import Clock, Transactions


async def list_backtests(store: Transactions, clock: Clock, user_id: str) -> Sequence[RunView]:
    """Return a user's runs, the newest first."""
    async with store.reading() as work:
        return await work.backtests.of_user(user_id, clock.now() - LOST_AFTER)
