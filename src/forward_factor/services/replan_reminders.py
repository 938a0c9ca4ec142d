"""Reminders of open positions anew, where an event of their tickers became known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from forward_factor.core.earnings_moves import EarningsMove
from forward_factor.core.reminders import PlannedReminder, notice_of_move
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.plan_reminders import plan_reminders, position_of
from forward_factor.services.ports import UnitOfWork


async def replan_reminders(
    work: UnitOfWork, tickers: Collection[str], moves: Mapping[str, Sequence[EarningsMove]], now: datetime
) -> None:
    """Plan the reminders of all open positions in ``tickers`` again, and add a notice of each move that concerns one.

    The commit is the caller's: events and what follows from them are of one transaction.

    Args:
        work: the transaction.
        tickers: whose dividends, splits or announcements changed.
        moves: new dates of announcements, by ticker.
        now: the instant of the change; notices are due at once.

    """
    decisions = await work.decisions.open_of_tickers(sorted(tickers)) if tickers else ()
    if not decisions:
        return
    await plan_reminders(work, decisions, now)
    await work.reminders.add([notice for one in decisions for notice in _notices(one, moves, now)])


def _notices(
    decision: DecisionView, moves: Mapping[str, Sequence[EarningsMove]], now: datetime
) -> Sequence[PlannedReminder]:
    position = position_of(decision)
    if position is None:
        return ()
    found = (notice_of_move(position, move, now) for move in moves.get(position.ticker, ()))
    return [notice for notice in found if notice is not None]
