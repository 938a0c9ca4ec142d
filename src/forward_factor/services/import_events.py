"""Earnings, dividends and splits from outside into the store, with all that they change about open positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.earnings_moves import EarningsMove, find_moves
from forward_factor.services.ports import Clock, Transactions, UnitOfWork
from forward_factor.services.replan_reminders import replan_reminders

Moves = Mapping[str, Sequence[EarningsMove]]


@dataclass(frozen=True, slots=True)
class ImportedEvents:
    """How many were stored; ``moved`` announcements took the place of one that stood on another date."""

    announcements: int
    actions: int
    moved: int


async def import_events(
    store: Transactions,
    clock: Clock,
    earnings: Sequence[EarningsEvent],
    actions: Sequence[CorporateAction] = (),
) -> ImportedEvents:
    """Store events in one transaction: moved announcements in place of the old, reminders of open positions anew."""
    async with store.unit_of_work() as work:
        now = clock.now()
        moves = await _find_moves(work, earnings, now)
        earlier = [one.earlier for of_ticker in moves.values() for one in of_ticker if one.earlier is not None]
        await work.earnings.remove(earlier)
        announcements = await work.earnings.add(earnings)
        stored = await work.corporate_actions.add(actions)
        await replan_reminders(work, {*moves, *(one.ticker for one in actions)}, moves, now)
        await work.commit()
        return ImportedEvents(announcements, stored, len(earlier))


async def _find_moves(work: UnitOfWork, said: Sequence[EarningsEvent], now: datetime) -> Moves:
    """Return what is new of each ticker that has anything new."""
    by_ticker: dict[str, list[EarningsEvent]] = defaultdict(list)
    for one in said:
        by_ticker[one.ticker].append(one)
    known = await work.earnings.of_tickers(list(by_ticker))
    found = {ticker: find_moves(known.get(ticker, ()), events, now) for ticker, events in by_ticker.items()}
    return {ticker: moves for ticker, moves in found.items() if moves}
