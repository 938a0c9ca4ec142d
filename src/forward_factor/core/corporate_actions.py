"""Dividends and splits, by their ex-dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import inf

from forward_factor.errors import InvalidInput

HIGHEST_AMOUNT = 1e6


class ActionKind(StrEnum):
    """What a company does to its shares."""

    DIVIDEND = "dividend"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """One dividend or split.

    Attributes:
        effective_on: the ex-date: the first day the shares trade without the dividend, or split.
        amount: of a dividend, dollars a share, above 0; None where nobody said.
        ratio: of a split, new shares for one old (4.0 = four for one), above 0.

    Raises:
        InvalidInput: a number lies outside its bounds, or belongs to the other kind.

    """

    ticker: str
    kind: ActionKind
    effective_on: date
    amount: float | None = None
    ratio: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind is ActionKind.SPLIT and (self.ratio is None or self.amount is not None):
            raise InvalidInput("a split has a ratio, new shares for one old, and no amount")
        if self.kind is ActionKind.DIVIDEND and self.ratio is not None:
            raise InvalidInput("a dividend has an amount, dollars a share, and no ratio")
        if self.amount is not None and not 0.0 < self.amount <= HIGHEST_AMOUNT:
            raise InvalidInput(f"a dividend is in dollars a share, above 0, not {self.amount}")
        if self.ratio is not None and not 0.0 < self.ratio < inf:
            raise InvalidInput(f"a split's ratio is above 0, not {self.ratio}")
