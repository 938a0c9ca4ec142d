"""Open decisions after splits: contracts and entry price put right, a row of what changed, and a word to the user."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forward_factor.core.chain import new_york_date
from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.messages import MessageKind, NoticeFacts
from forward_factor.core.split_adjustments import (
    Adjustment,
    AdjustmentState,
    Holding,
    Terms,
    plan_adjustments,
)
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.plan_reminders import plan_reminders
from forward_factor.services.ports import Clock, Transactions, UnitOfWork
from forward_factor.services.ports.notifications import NewNotification

TICKERS_A_TRANSACTION = 20


@dataclass(frozen=True, slots=True)
class AdjustedDecisions:
    """How many decisions were adjusted, taken back, and are for their users to look at."""

    adjusted: int = 0
    taken_back: int = 0
    need_look: int = 0

    def __add__(self, other: AdjustedDecisions) -> AdjustedDecisions:
        return AdjustedDecisions(
            self.adjusted + other.adjusted, self.taken_back + other.taken_back, self.need_look + other.need_look
        )


async def adjust_due_decisions(store: Transactions, clock: Clock) -> AdjustedDecisions:
    """Adjust the open decisions of all splits that have become effective and were not looked at yet.

    Any number of processes may do this at once. Users are held only where there is something to do, so doing it often
    costs two statements.
    """
    waiting = await _waiting_tickers(store, clock.now())
    done = AdjustedDecisions()
    for start in range(0, len(waiting), TICKERS_A_TRANSACTION):
        async with store.unit_of_work() as work:
            done += await adjust_decisions(work, waiting[start : start + TICKERS_A_TRANSACTION], clock.now())
            await work.commit()
    return done


async def _waiting_tickers(store: Transactions, now: datetime) -> Sequence[str]:
    """Return the tickers of which a split asks for a step somewhere."""
    async with store.reading() as work:
        pending = await work.adjustments.pending(new_york_date(now))
        decisions = await work.decisions.open_now(pending) if pending else ()
        tickers = {_ticker(one) for one in decisions}
        actions = await work.corporate_actions.of_tickers(sorted(tickers))
    planned = (
        (one, plan_adjustments(_holding(one), actions.get(_ticker(one), ()), one.adjustments, now)) for one in decisions
    )
    return sorted({_ticker(one) for one, steps in planned if steps})


async def adjust_decisions(work: UnitOfWork, tickers: Collection[str], now: datetime) -> AdjustedDecisions:
    """Take all steps that splits of ``tickers`` ask for at open decisions; the commit is the caller's.

    The users are held first, as by whoever else changes a decision. A decision of somebody who was not held is of the
    next time.
    """
    if not tickers:
        return AdjustedDecisions()
    holders = await work.adjustments.lock_holders(sorted(tickers))
    decisions = [one for one in await work.decisions.open_of_tickers(sorted(tickers)) if one.user_id in holders]
    actions = await work.corporate_actions.of_tickers(sorted(tickers))
    done = AdjustedDecisions()
    for ticker in sorted(tickers):
        of_ticker = [one for one in decisions if _ticker(one) == ticker]
        done += await _adjust_ticker(work, ticker, of_ticker, actions.get(ticker, ()), now)
    return done


async def _adjust_ticker(
    work: UnitOfWork, ticker: str, decisions: Sequence[DecisionView], actions: Sequence[CorporateAction], now: datetime
) -> AdjustedDecisions:
    planned = {one.id: plan_adjustments(_holding(one), actions, one.adjustments, now) for one in decisions}
    steps = {key: of_one for key, of_one in planned.items() if of_one}
    if not steps:
        return AdjustedDecisions()
    changed = [_after(one, steps[one.id]) for one in decisions if one.id in steps]
    await work.adjustments.take(steps, ticker)
    await work.notifications.add([notice for one in changed for notice in _notices(one, steps[one.id], ticker, now)])
    await plan_reminders(work, changed, now)
    return _counted(steps)


def _ticker(decision: DecisionView) -> str:
    return (decision.ticker or "").upper()


def _holding(decision: DecisionView) -> Holding:
    signal = decision.signal
    entered_at = decision.decided_at or (signal.as_of if signal else None)
    return Holding(
        terms=Terms(decision.contracts, decision.entry_price),
        entered_on=new_york_date(entered_at) if entered_at else None,
        ends_on=signal.back_expiry if signal else None,
    )


def _after(decision: DecisionView, steps: Sequence[Adjustment]) -> DecisionView:
    terms = steps[-1].after
    return replace(
        decision,
        contracts=terms.contracts,
        entry_price=terms.entry_price,
        adjustments=(*decision.adjustments, *steps),
    )


def _notices(
    decision: DecisionView, steps: Sequence[Adjustment], ticker: str, now: datetime
) -> Sequence[NewNotification]:
    return [
        NewNotification(
            user_id=decision.user_id,
            kind=MessageKind.NOTICE,
            dedupe_key=f"split:{decision.id}:{step.effective_on}:{step.revision}",
            created_at=now,
            due_at=now,
            facts=NoticeFacts(text=tell_step(ticker, step, decision.id)),
            ticker=ticker,
        )
        for step in steps
    ]


def tell_step(ticker: str, step: Adjustment, decision_id: str) -> str:
    """Return what a user is told of a step."""
    split = f"{ticker} split {step.ratio:g} for 1 on {step.effective_on}"
    which = f"your position {decision_id[:8]}"
    if step.state is AdjustmentState.NEEDS_LOOK:
        return f"{split}: please look at {which}. It was not adjusted: {step.reason}. `decisions amend` puts it right."
    was, is_now = _told(step.before), _told(step.after)
    if step.state is AdjustmentState.TAKEN_BACK:
        return f"{split}: {step.reason}, so {which} is {is_now} again (was {was})."
    return f"{split}: {which} is now {is_now} (was {was}); strikes are divided by {step.ratio:g}."


def _told(terms: Terms) -> str:
    contracts = "some contracts" if terms.contracts is None else f"{terms.contracts:,} contracts"
    return contracts + ("" if terms.entry_price is None else f" at {terms.entry_price:.4g}")


def _counted(steps: Mapping[str, Sequence[Adjustment]]) -> AdjustedDecisions:
    states = [step.state for of_one in steps.values() for step in of_one]
    return AdjustedDecisions(*(states.count(state) for state in AdjustmentState))
