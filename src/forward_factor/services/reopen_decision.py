"""A position that was closed by mistake, held again."""

from __future__ import annotations

from dataclasses import replace

from forward_factor.core.decisions import Decision
from forward_factor.errors import InvalidInput
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.plan_reminders import plan_reminders
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.read_decision import own_decision


async def reopen_decision(store: Transactions, clock: Clock, user_id: str, decision_id: str) -> DecisionView:
    """Take exit, profit and closing away from a position, plan its reminders again, and return it.

    Raises:
        InvalidInput: it is no position.
        NotFound: there is no such account or decision, or it is another user's.

    """
    async with store.unit_of_work() as work:
        await work.decisions.lock_user(user_id)
        before = await own_decision(work, user_id, decision_id)
        if before.is_open:
            return before
        if before.decision is not Decision.PLACED:
            raise InvalidInput("only a placed trade can be reopened; this signal was not traded")
        after = replace(before, word=Decision.PLACED.value, exit_price=None, pnl=None, closed_at=None, is_open=True)
        await work.decisions.save(after)
        await plan_reminders(work, [after], clock.now())
        await work.commit()
        return after
