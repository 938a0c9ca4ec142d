"""What a split changes about an open decision, and how that is put right when the word on the split changes.

A split of a whole number of shares for one (7 for 1) multiplies the contracts and divides strikes and prices by it. Any
other (3 for 2, 1 for 10) is not guessed at: there the clearing house changes what a contract delivers instead, and the
user has to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from forward_factor.core.chain import new_york_date
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.decisions import MOST_CONTRACTS

SAID_TWICE = timedelta(days=30)
LARGEST_RATIO = 100
"""Whole splits above it were never seen in listed options, and are taken for damage."""


class AdjustmentState(StrEnum):
    """What became of a split at a decision."""

    ADJUSTED = "adjusted"
    TAKEN_BACK = "taken_back"
    NEEDS_LOOK = "needs_look"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a split changes of a decision; None where the user did not say.

    Attributes:
        contracts: of every leg.
        entry_price: debit, dollars a share.

    """

    contracts: int | None
    entry_price: float | None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One step of a decision's terms; strikes are divided by ``ratio`` where it is adjusted.

    Attributes:
        effective_on: the split's ex-date, which with the ticker names the split.
        revision: counts the steps of one decision and split, from 1.
        ratio: new shares for one old.
        reason: in words.

    """

    effective_on: date
    revision: int
    ratio: float
    state: AdjustmentState
    reason: str
    before: Terms
    after: Terms
    adjusted_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """An open decision as far as splits matter.

    Attributes:
        entered_on: New York date of the entry, None where nobody kept it: then no split is known to concern it.
        ends_on: back expiry, None where nobody knows.

    """

    terms: Terms
    entered_on: date | None
    ends_on: date | None


def whole_ratio(ratio: float | None) -> int | None:
    """Return a split's ratio where it is a whole number from 2 to ``LARGEST_RATIO``, else None."""
    whole = ratio is not None and 1.5 < ratio <= LARGEST_RATIO and float(ratio).is_integer()
    return int(ratio) if whole and ratio is not None else None


def distinct_splits(actions: Iterable[CorporateAction]) -> tuple[CorporateAction, ...]:
    """Return the splits among ``actions`` by date, without those that say another one's for a second time.

    Of two splits of one ratio within ``SAID_TWICE`` the later is the earlier, said again or moved. A ratio of 1 is no
    split.
    """
    splits = sorted((one for one in actions if one.kind is ActionKind.SPLIT), key=lambda one: one.effective_on)
    kept: list[CorporateAction] = []
    for one in splits:
        again = any(one.ratio == k.ratio and one.effective_on - k.effective_on <= SAID_TWICE for k in kept)
        if not again and one.ratio != 1.0:
            kept.append(one)
    return tuple(kept)


def plan_adjustments(
    holding: Holding, actions: Sequence[CorporateAction], done: Sequence[Adjustment], now: datetime
) -> tuple[Adjustment, ...]:
    """Return the steps that are still to be taken, in their order; none where all is as it should be.

    A split concerns a decision from its ex-date on, if the entry was before it and the back expiry is not. One that was
    adjusted and is now gone, or said with another ratio, is taken back first; but only while the decision stands as the
    last step left it. Whoever changed it since knows better, and is asked to look.

    Args:
        holding: the decision.
        actions: dividends and splits of its ticker.
        done: steps taken before, in their order.
        now: the instant of the steps; a split is effective from the New York midnight of its ex-date on.

    """
    today = new_york_date(now)
    due = {one.effective_on: one for one in distinct_splits(actions) if _concerns(one, holding, today)}
    last = {one.effective_on: one for one in done}
    planner = _Planner(holding.terms, done[-1] if done else None, now)
    steps: list[Adjustment] = []
    for day in sorted(due.keys() | last.keys()):
        for step in planner.steps(day, due.get(day), last.get(day)):
            steps.append(step)
            planner.take(step)
    return tuple(steps)


def _concerns(split: CorporateAction, holding: Holding, today: date) -> bool:
    day = split.effective_on
    if holding.entered_on is None or not holding.entered_on < day <= today:
        return False
    return holding.ends_on is None or day <= holding.ends_on


class _Planner:
    """Walks through a decision's splits; knows the terms that each step leaves."""

    def __init__(self, terms: Terms, newest: Adjustment | None, now: datetime) -> None:
        self._terms = terms
        self._newest = newest
        self._now = now
        self._is_untouched = newest is None or newest.after == terms

    def take(self, step: Adjustment) -> None:
        self._terms, self._newest = step.after, step

    def steps(self, day: date, split: CorporateAction | None, last: Adjustment | None) -> Iterator[Adjustment]:
        if last is None or last.state is AdjustmentState.TAKEN_BACK:
            if split is not None:
                yield self._apply(split, 1 + (last.revision if last else 0))
        elif split is None or split.ratio != last.ratio:
            yield from self._correct(day, split, last)

    def _correct(self, day: date, split: CorporateAction | None, last: Adjustment) -> Iterator[Adjustment]:
        revision = last.revision + 1
        if last.state is AdjustmentState.NEEDS_LOOK:
            if split is not None:
                yield self._apply(split, revision)
            return
        gone = "is no longer known" if split is None else f"is now said to be {split.ratio:g} for 1"
        if not self._is_untouched:
            why = f"it {gone}, and the decision was changed since it was adjusted"
            ratio = last.ratio if split is None or split.ratio is None else split.ratio
            yield self._look(day, revision, ratio, why)
            return
        taken_back = self._take_back(day, revision, last, f"it {gone}")
        yield taken_back
        if split is not None:
            self.take(taken_back)
            yield self._apply(split, revision + 1)

    def _apply(self, split: CorporateAction, revision: int) -> Adjustment:
        ratio = split.ratio or 1.0
        whole, terms = whole_ratio(ratio), self._terms
        why_not = self._why_not(whole, revision)
        if whole is None or why_not:
            return self._look(split.effective_on, revision, ratio, why_not)
        after = Terms(
            None if terms.contracts is None else terms.contracts * whole,
            None if terms.entry_price is None else terms.entry_price / whole,
        )
        why = f"strikes and prices divided by {whole}, contracts times {whole}"
        return Adjustment(split.effective_on, revision, ratio, AdjustmentState.ADJUSTED, why, terms, after, self._now)

    def _why_not(self, whole: int | None, revision: int) -> str:
        if whole is None:
            return "the exchange changes what a contract delivers instead of its number"
        if revision > 1 and not self._is_untouched:
            return "the decision was changed since the split was first said"
        if (self._terms.contracts or 1) * whole > MOST_CONTRACTS:
            return f"there would be more than {MOST_CONTRACTS:,} contracts"
        return ""

    def _take_back(self, day: date, revision: int, last: Adjustment, why: str) -> Adjustment:
        terms = self._terms
        if last == self._newest:
            after = last.before
        else:
            after = Terms(
                None if terms.contracts is None else round(terms.contracts / last.ratio),
                None if terms.entry_price is None else terms.entry_price * last.ratio,
            )
        return Adjustment(day, revision, last.ratio, AdjustmentState.TAKEN_BACK, why, terms, after, self._now)

    def _look(self, day: date, revision: int, ratio: float, why: str) -> Adjustment:
        terms = self._terms
        return Adjustment(day, revision, ratio, AdjustmentState.NEEDS_LOOK, why, terms, terms, self._now)
