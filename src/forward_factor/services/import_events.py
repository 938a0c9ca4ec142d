"""Earnings, dividends and splits from outside into the store, with all that they change about open positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.earnings_moves import EarningsMove, find_moves
from forward_factor.core.earnings_words import EarningsWord
from forward_factor.services.adjust_decisions import AdjustedDecisions, adjust_decisions
from forward_factor.services.ports import Clock, Transactions, UnitOfWork
from forward_factor.services.replan_reminders import replan_reminders

Moves = Mapping[str, Sequence[EarningsMove]]
Known = Mapping[str, Sequence[EarningsEvent]]


@dataclass(frozen=True, slots=True)
class ImportedEvents:
    """How many were stored; ``moved`` announcements took the place of one that stood on another date."""

    announcements: int
    actions: int
    moved: int
    decisions: AdjustedDecisions = field(default_factory=AdjustedDecisions)

    def __add__(self, other: ImportedEvents) -> ImportedEvents:
        return ImportedEvents(
            self.announcements + other.announcements,
            self.actions + other.actions,
            self.moved + other.moved,
            self.decisions + other.decisions,
        )


async def import_events(
    store: Transactions,
    clock: Clock,
    earnings: Sequence[EarningsEvent],
    actions: Sequence[CorporateAction] = (),
) -> ImportedEvents:
    """Store events in one transaction, with what follows from them (``store_events``)."""
    async with store.unit_of_work() as work:
        imported = await store_events(work, earnings, actions, clock.now())
        await work.commit()
        return imported


async def store_events(
    work: UnitOfWork, earnings: Sequence[EarningsEvent], actions: Sequence[CorporateAction], now: datetime
) -> ImportedEvents:
    """Store events: moved announcements in place of the old, splits at open decisions, reminders anew.

    What is new about an announcement is kept as a word of ``now`` besides. The commit is the caller's.
    """
    by_ticker = _by_ticker(earnings)
    known = await work.earnings.of_tickers(list(by_ticker))
    moves = _find_moves(known, by_ticker, now)
    earlier = [one.earlier for of_ticker in moves.values() for one in of_ticker if one.earlier is not None]
    await work.earnings.remove(earlier)
    await work.earnings.note([*_new_words(known, earnings, now), *(EarningsWord(one, now, True) for one in earlier)])
    announcements = await work.earnings.add(earnings)
    stored = await work.corporate_actions.add(actions)
    split = {one.ticker for one in actions if one.kind is ActionKind.SPLIT}
    adjusted = await adjust_decisions(work, split, now)
    await replan_reminders(work, {*moves, *(one.ticker for one in actions)}, moves, now)
    return ImportedEvents(announcements, stored, len(earlier), adjusted)


def _by_ticker(said: Sequence[EarningsEvent]) -> Mapping[str, Sequence[EarningsEvent]]:
    found: dict[str, list[EarningsEvent]] = defaultdict(list)
    for one in said:
        found[one.ticker].append(one)
    return found


def _find_moves(known: Known, said: Known, now: datetime) -> Moves:
    """Return what is new of each ticker that has anything new."""
    found = {ticker: find_moves(known.get(ticker, ()), events, now) for ticker, events in said.items()}
    return {ticker: moves for ticker, moves in found.items() if moves}


def _new_words(known: Known, said: Sequence[EarningsEvent], now: datetime) -> Sequence[EarningsWord]:
    """Return words on what was not known just so before; whose word it is makes no difference."""
    before = {(one.ticker, one.date): (one.timing, one.is_confirmed) for events in known.values() for one in events}
    latest = {(one.ticker, one.date): one for one in said}
    return [EarningsWord(one, now) for key, one in latest.items() if before.get(key) != (one.timing, one.is_confirmed)]
