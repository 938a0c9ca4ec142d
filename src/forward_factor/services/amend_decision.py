"""A decision put right: what it was, the entry, the notes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.decisions import UNCHANGED, Amendment, Decision, is_open_position, profit
from forward_factor.core.structure import structure_at
from forward_factor.errors import InvalidInput
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.plan_reminders import plan_reminders
from forward_factor.services.ports import Clock, Transactions, UnitOfWork
from forward_factor.services.read_decision import own_decision


async def amend_decision(
    store: Transactions, clock: Clock, user_id: str, decision_id: str, amendment: Amendment
) -> DecisionView:
    """Change what ``amendment`` says and return the decision; profit and reminders follow.

    Raises:
        InvalidInput: a closed position cannot become an ignored signal.
        NotFound: there is no such account or decision, or it is another user's.

    """
    async with store.unit_of_work() as work:
        await work.decisions.lock_user(user_id)
        before = await own_decision(work, user_id, decision_id)
        after = await _with_structure(work, _amended(before, amendment, clock.now()))
        await work.decisions.save(after)
        if before.is_open or after.is_open:
            await plan_reminders(work, [after], clock.now())
        await work.commit()
        return after


def _amended(before: DecisionView, amendment: Amendment, now: datetime) -> DecisionView:
    after = replace(
        before,
        entry_price=before.entry_price if amendment.price is UNCHANGED else amendment.price,
        contracts=before.contracts if amendment.contracts is UNCHANGED else amendment.contracts,
        structure=before.structure if amendment.structure is UNCHANGED else amendment.structure,
        notes=before.notes if amendment.notes is UNCHANGED else amendment.notes,
    )
    if before.exit_price is not None and not amendment.price is amendment.contracts is UNCHANGED:
        after = replace(after, pnl=profit(after.entry_price, after.exit_price, after.contracts))
    if amendment.decision is UNCHANGED or amendment.decision is before.decision:
        return after
    return _decided_anew(after, amendment.decision, now)


def _decided_anew(before: DecisionView, decision: Decision, now: datetime) -> DecisionView:
    """Return the decision as one that was made just now."""
    if before.closed_at is not None or before.exit_price is not None:
        raise InvalidInput("the position was closed: reopen it before you call the signal ignored")
    is_open = is_open_position(decision.value, before.exit_price, before.pnl, before.closed_at)
    return replace(before, decision=decision, word=decision.value, decided_at=now, is_open=is_open)


async def _with_structure(work: UnitOfWork, decision: DecisionView) -> DecisionView:
    """Return a position with the structure its user prefers, where none was named."""
    if decision.decision is not Decision.PLACED or decision.structure is not None:
        return decision
    stored = await work.settings.of_user(decision.user_id, AccountSettings())
    vol_point = decision.signal.vol_point if decision.signal else None
    return replace(decision, structure=structure_at(stored.settings.structure, vol_point))
