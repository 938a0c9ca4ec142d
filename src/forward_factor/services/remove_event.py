"""A dividend, split or announcement that was said by mistake, forgotten with all that followed from it."""

from __future__ import annotations

from datetime import date, datetime

from forward_factor.core.corporate_actions import ActionKind
from forward_factor.core.earnings_words import EarningsWord
from forward_factor.errors import NotFound
from forward_factor.services.adjust_decisions import AdjustedDecisions, adjust_decisions
from forward_factor.services.ports import Clock, Transactions, UnitOfWork
from forward_factor.services.replan_reminders import replan_reminders


async def remove_event(
    store: Transactions, clock: Clock, ticker: str, kind: ActionKind | None, on: date
) -> AdjustedDecisions:
    """Forget an event; adjustments of a forgotten split are taken back, and reminders are planned anew.

    Args:
        store: where it is kept.
        clock: says when it was forgotten.
        ticker: whose event it is.
        kind: dividend or split; None for an announcement.
        on: its date.

    Raises:
        NotFound: there is no such event.

    """
    async with store.unit_of_work() as work:
        now = clock.now()
        if not await _removed(work, ticker, kind, on, now):
            raise NotFound(f"there is no {kind or 'announcement'} of {ticker} on {on}")
        done = await adjust_decisions(work, [ticker] if kind is ActionKind.SPLIT else [], now)
        await replan_reminders(work, [ticker], {}, now)
        await work.commit()
        return done


async def _removed(work: UnitOfWork, ticker: str, kind: ActionKind | None, on: date, now: datetime) -> bool:
    if kind is not None:
        return await work.corporate_actions.remove(ticker, kind, on)
    known = (await work.earnings.of_tickers([ticker])).get(ticker, ())
    found = [one for one in known if one.date == on]
    await work.earnings.remove(found)
    await work.earnings.note([EarningsWord(one, now, is_withdrawn=True) for one in found])
    return bool(found)
