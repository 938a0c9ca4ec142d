"""One decision of a user's own."""

from __future__ import annotations

from forward_factor.core.accounts import is_storable
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.ports import Transactions, UnitOfWork


async def read_decision(store: Transactions, user_id: str, decision_id: str) -> DecisionView:
    """Return a user's decision.

    Raises:
        NotFound: there is none of that id, or it is another user's.

    """
    async with store.reading() as work:
        return await own_decision(work, user_id, decision_id)


async def find_decision(store: Transactions, user_id: str, beginning: str) -> DecisionView:
    """Return the user's decision whose id is, or begins with, ``beginning``.

    Raises:
        InvalidInput: several begin so.
        NotFound: none does.

    """
    if beginning and is_storable(beginning):
        async with store.reading() as work:
            called = await work.decisions.called(user_id, beginning)
        if len(called) > 1:
            raise InvalidInput(f"several decisions begin with {ascii(beginning)[:60]}: give more of the id")
        if called:
            return called[0]
    raise NotFound(f"there is no decision {ascii(beginning)[:60]}")


async def own_decision(work: UnitOfWork, user_id: str, decision_id: str) -> DecisionView:
    """Return a user's decision within a transaction.

    Raises:
        NotFound: there is none of that id, or it is another user's.

    """
    called = await work.decisions.called(user_id, decision_id) if is_storable(decision_id) else ()
    if len(called) != 1 or called[0].id != decision_id:
        raise NotFound(f"there is no decision {ascii(decision_id)[:60]}")
    return called[0]
