"""Splits and dividends taken out of prices, so that bars before and after them can be compared.

A bar is changed by every action whose ex-date lies after the bar's New York date and not after ``known_on``:

- a split of ``ratio`` new shares for one old: prices / ratio, volume x ratio;
- a dividend of ``amount`` dollars: prices x (1 - amount / close), with the close of the last session before its
  ex-date, as it was traded; volume stays. On an ex-date that has a split as well, the amount is one a *new* share, so
  that close is divided by the ratio first.

This is how CRSP and most vendors adjust. A dividend whose amount nobody said, one that has no stored close of that
very session, or one that is no less than that close (one of the two is wrong), is left out and told, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf

import numpy as np

from forward_factor.core import market_hours
from forward_factor.core.bars import Bars, new_york_days
from forward_factor.core.corporate_actions import ActionKind, CorporateAction


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An action that prices were not adjusted for, and why."""

    action: CorporateAction
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one ex-date does to the bars before it: factors of prices and of volumes."""

    effective_on: date
    price: float
    volume: float


def closes_needed(actions: Sequence[CorporateAction], first: date, known_on: date) -> tuple[date, ...]:
    """Return the sessions whose closes ``adjust`` needs for bars from ``first`` on, in order."""
    dividends = (one.effective_on for one in actions if one.kind is ActionKind.DIVIDEND)
    wanted = {day for day in dividends if first < day <= known_on}
    return tuple(sorted({market_hours.session_before(day).day for day in wanted}))


def plan_steps(
    actions: Sequence[CorporateAction], closes: Mapping[date, float], first: date, known_on: date
) -> tuple[list[Step], list[LeftOut]]:
    """Return what the actions after ``first`` and up to ``known_on`` do, and those that cannot be used.

    Args:
        actions: of one ticker.
        closes: closes as traded, by New York date.
        first: New York date of the earliest bar; what came before changes none.
        known_on: New York date; what is only announced for later changes nothing yet.

    """
    bearing = [one for one in actions if first < one.effective_on <= known_on]
    ratios = {one.effective_on: one.ratio for one in bearing if one.kind is ActionKind.SPLIT and one.ratio}
    steps = [Step(day, 1 / ratio, ratio) for day, ratio in ratios.items()]
    left_out: list[LeftOut] = []
    for one in bearing:
        if one.kind is not ActionKind.DIVIDEND:
            continue
        close = closes.get(market_hours.session_before(one.effective_on).day)
        outcome = _dividend(one, close, ratios.get(one.effective_on, 1.0))
        if isinstance(outcome, Step):
            steps.append(outcome)
        else:
            left_out.append(LeftOut(one, outcome))
    return sorted(steps, key=lambda step: step.effective_on), left_out


def adjust(bars: Bars, steps: Sequence[Step]) -> Bars:
    """Return the bars with ``steps`` taken out; volumes may no longer be whole numbers.

    Args:
        bars: of one ticker, as traded, of any timeframe and in any order.
        steps: from ``plan_steps``, by ex-date.

    """
    if not steps or not len(bars):
        return bars
    effective = np.array([step.effective_on for step in steps], "datetime64[D]")
    price = _products_from([step.price for step in steps])
    volume = _products_from([step.volume for step in steps])
    place = np.searchsorted(effective, new_york_days(bars.at), side="right")
    return replace(
        bars,
        open=bars.open * price[place],
        high=bars.high * price[place],
        low=bars.low * price[place],
        close=bars.close * price[place],
        volume=bars.volume * volume[place],
    )


def _dividend(one: CorporateAction, close: float | None, ratio: float) -> Step | str:
    """Return what a dividend does, or why it cannot be used."""
    if one.amount is None:
        return "nobody said how much it is"
    if close is None:
        return "the close of the session before its ex-date is not stored"
    if not 0 < close < inf or one.amount >= close / ratio:
        return f"it is no less than the close before its ex-date, {close / ratio:g}"
    return Step(one.effective_on, 1 - one.amount * ratio / close, 1.0)


def _products_from(factors: Sequence[float]) -> np.ndarray:
    """Return the product of all factors from each place to the end; 1 at the end itself."""
    return np.append(np.cumprod(factors[::-1])[::-1], 1.0)
