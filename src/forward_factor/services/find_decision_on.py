"""What a user did with a signal."""

from __future__ import annotations

from forward_factor.errors import NotFound
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.ports import Transactions


async def find_decision_on(store: Transactions, user_id: str, signal_id: str) -> DecisionView:
    """Return a user's decision on a signal.

    Raises:
        NotFound: the user has decided nothing about it.

    """
    async with store.reading() as work:
        found = await work.decisions.on_signal(user_id, signal_id)
    if found is None:
        raise NotFound("you have decided nothing about this signal")
    return found
