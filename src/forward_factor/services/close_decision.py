"""A position given up: its exit, what came of it, and no more reminders."""

from __future__ import annotations

from dataclasses import replace

from forward_factor.core.decisions import Decision, check_price, profit
from forward_factor.errors import InvalidInput
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.read_decision import own_decision


async def close_decision(
    store: Transactions, clock: Clock, user_id: str, decision_id: str, exit_price: float
) -> DecisionView:
    """Store the exit of a position, cancel its reminders, and return it; the same exit again changes nothing.

    Args:
        store: where it is kept.
        clock: says when it was closed.
        user_id: whose it is.
        decision_id: which.
        exit_price: what it was sold for, dollars a share.

    Raises:
        InvalidInput: it is no position, it was closed at another price, or the price lies outside its bounds.
        NotFound: there is no such account or decision, or it is another user's.

    """
    check_price(exit_price, "an exit price")
    async with store.unit_of_work() as work:
        await work.decisions.lock_user(user_id)
        before = await own_decision(work, user_id, decision_id)
        if before.exit_price == exit_price and before.decision is Decision.PLACED:
            return before
        _require_unsold(before)
        pnl = profit(before.entry_price, exit_price, before.contracts)
        after = replace(before, exit_price=exit_price, pnl=pnl, closed_at=clock.now(), is_open=False)
        await work.decisions.save(after)
        await work.reminders.cancel(after.id, clock.now())
        await work.commit()
        return after


def _require_unsold(decision: DecisionView) -> None:
    if decision.decision is not Decision.PLACED:
        raise InvalidInput("only a placed trade can be closed; this signal was not traded")
    if decision.exit_price is not None:
        raise InvalidInput(f"the position was closed at {decision.exit_price:g} already: reopen it to change that")
