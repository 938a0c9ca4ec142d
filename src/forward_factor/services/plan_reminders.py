"""Reminders of open positions into the store, in the transaction of what changed them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forward_factor.core.reminders import Position, reminders_of
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.ports import UnitOfWork


async def plan_reminders(work: UnitOfWork, decisions: Sequence[DecisionView], now: datetime) -> None:
    """Make the reminders of ``decisions`` what they should be now; a decision that is no open position has none.

    The commit is the caller's, and so is holding the decisions until then.
    """
    positions = [position for one in decisions if (position := position_of(one)) is not None]
    actions = await work.corporate_actions.of_tickers([one.ticker for one in positions])
    planned = [one for held in positions for one in reminders_of(held, actions.get(held.ticker, ()), now)]
    await work.reminders.plan([one.id for one in decisions], planned, now)


def position_of(decision: DecisionView) -> Position | None:
    """Return an open position; None where it is none, or where no copy of its signal tells the expiries."""
    signal = decision.signal
    if not decision.is_open or signal is None or decision.structure is None:
        return None
    if signal.front_expiry is None or signal.back_expiry is None:
        return None
    return Position(
        user_id=decision.user_id,
        decision_id=decision.id,
        ticker=signal.ticker.upper(),
        structure=decision.structure,
        placed_at=decision.decided_at,
        front_expiry=signal.front_expiry,
        back_expiry=signal.back_expiry,
        entry_price=decision.entry_price,
        contracts=decision.contracts,
    )
