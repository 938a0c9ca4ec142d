"""Positions over splits: what a leg becomes, and what a spot that fell to a part of itself may mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import floor, prod

from forward_factor.backtest.moments import Leg
from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.split_adjustments import distinct_splits, whole_ratio

JUMP = 1.0 / 3.0
"""A spot that moves by more from one fresh snapshot to the next, splits aside, may have been split without a word."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a position consists of after the splits since its entry.

    Attributes:
        legs: as they are listed now.
        ratio: contracts now for one at entry.

    """

    legs: tuple[Leg, ...]
    ratio: int = 1

    def after(self, ratio: int) -> Standing:
        """Return it after a split of ``ratio`` for one."""
        legs = tuple(replace(leg, strike=strike_after(leg.strike, ratio)) for leg in self.legs)
        return Standing(legs, self.ratio * ratio)


class Splits:
    """The splits of one ticker, by date; a position learns of one when its day has come, and not before."""

    def __init__(self, actions: Iterable[CorporateAction] = ()) -> None:
        self._splits = distinct_splits(actions)

    def between(self, last: date, day: date) -> Sequence[CorporateAction]:
        """Return those effective after ``last``, up to ``day``."""
        return [one for one in self._splits if last < one.effective_on <= day]


def strike_after(strike: float, ratio: int) -> float:
    """Return a strike after a split, to the nearest cent as the clearing house rounds it, half a cent up."""
    return floor(strike / ratio * 100.0 + 0.5) / 100.0


def whole_ratios(splits: Sequence[CorporateAction]) -> Sequence[int] | None:
    """Return the ratios of splits that leave the deliverable as it is; None if one of them does not."""
    ratios = [whole for one in splits if (whole := whole_ratio(one.ratio)) is not None]
    return ratios if len(ratios) == len(splits) else None


def shares_after(splits: Sequence[CorporateAction]) -> float:
    """Return how many shares one share became."""
    return prod(one.ratio or 1.0 for one in splits)
