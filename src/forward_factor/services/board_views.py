"""Signals as a person's board of them shows them: beside each what its candidate told, and what the person did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from forward_factor.core.decisions import Decision
from forward_factor.services.views import SignalView

MOST_COUNTED = 10_000
"""Further signals are not counted: to count them all reads them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDecision:
    """What the person did with a signal; ``decision`` is None where the stored word is none that is known."""

    decision: Decision | None
    word: str | None
    is_open: bool
    pnl: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """A signal on somebody's board; what was not kept of its candidate (the old bot kept none) is None.

    Attributes:
        bid_ask_pct: widest (ask - bid) / mid of the contracts behind it, decimal.
        own: the person's last decision on it, None where there is none; nobody else's is ever here.

    """

    signal: SignalView
    bid_ask_pct: float | None
    open_interest: float | None
    volume: float | None
    earnings_on: date | None
    flags: tuple[str, ...]
    own: OwnDecision | None


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Some rows of a board in its order; ``count`` is how many there are in all, ``MOST_COUNTED`` + 1 for more."""

    rows: Sequence[BoardRow]
    count: int
    offset: int
