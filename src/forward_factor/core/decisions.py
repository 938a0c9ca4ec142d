"""What a user did with a signal, at what price, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from math import isfinite
from typing import Final, Literal

from forward_factor.core.accounts import is_storable
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import SHARES_A_CONTRACT
from forward_factor.errors import InvalidInput

HIGHEST_PRICE = 1e6
MOST_CONTRACTS = 1_000_000
LONGEST_NOTES = 2000
PLACED_WORDS = ("placed", "place", "taken", "take", "entered", "enter", "opened", "open", "traded", "trade")
"""What the old bot, in whatever case, may call a position that was taken; the first word is ours."""
IGNORED_WORDS = ("ignored", "ignore", "skipped", "skip", "dismissed", "dismiss", "passed", "pass")
CLOSED_WORDS = ("closed", "close", "exited", "exit")
"""Of positions that were taken, and given up since."""


class Decision(StrEnum):
    """What a user did with a signal."""

    PLACED = "placed"
    IGNORED = "ignored"


class Unchanged(Enum):
    """Stands where a value is left as it is; None would take it away."""

    UNCHANGED = auto()


UNCHANGED: Final = Unchanged.UNCHANGED
Keep = Literal[Unchanged.UNCHANGED]


@dataclass(frozen=True, slots=True)
class Entry:
    """How a position was entered; what the user did not say is None.

    Attributes:
        price: debit, dollars a share.
        contracts: of every leg.

    Raises:
        InvalidInput: a number or a text lies outside its bounds.

    """

    price: float | None = None
    contracts: int | None = None
    structure: Structure | None = None
    notes: str | None = None

    def __post_init__(self) -> None:
        check_price(self.price, "an entry price")
        check_contracts(self.contracts)
        check_notes(self.notes)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to be put right about a decision; see ``Entry`` for the values.

    Raises:
        InvalidInput: a number or a text lies outside its bounds.

    """

    decision: Decision | Keep = UNCHANGED
    price: float | Keep | None = UNCHANGED
    contracts: int | Keep | None = UNCHANGED
    structure: Structure | Keep = UNCHANGED
    notes: str | Keep | None = UNCHANGED

    def __post_init__(self) -> None:
        if self.price is not UNCHANGED:
            check_price(self.price, "an entry price")
        if self.contracts is not UNCHANGED:
            check_contracts(self.contracts)
        if self.notes is not UNCHANGED:
            check_notes(self.notes)


def check_price(price: float | None, name: str) -> None:
    """Refuse a price that is no number of dollars a share from 0 to a million.

    Raises:
        InvalidInput: naming it.

    """
    if price is not None and not (isfinite(price) and 0.0 <= price <= HIGHEST_PRICE):
        raise InvalidInput(f"{name} is in dollars a share, from 0 to {HIGHEST_PRICE:,.0f}, not {price}")


def check_contracts(contracts: int | None) -> None:
    """Refuse a number of contracts that nobody trades.

    Raises:
        InvalidInput: it is below 1, or endless.

    """
    if contracts is not None and not 1 <= contracts <= MOST_CONTRACTS:
        raise InvalidInput(f"the number of contracts is from 1 to {MOST_CONTRACTS:,}, not {contracts}")


def check_notes(notes: str | None) -> None:
    """Refuse notes that no store takes.

    Raises:
        InvalidInput: they are too long, or no text.

    """
    if notes is None:
        return
    if len(notes) > LONGEST_NOTES:
        raise InvalidInput(f"notes have {LONGEST_NOTES:,} characters at most, not {len(notes):,}")
    if not is_storable(notes):
        raise InvalidInput("notes are text in UTF-8, without NUL")


def parse_decision(word: str | None) -> Decision | None:
    """Return the decision meant by a stored word, ours or the old bot's; None for any other word."""
    plain = (word or "").strip(" ").lower()
    if plain in PLACED_WORDS or plain in CLOSED_WORDS:
        return Decision.PLACED
    return Decision.IGNORED if plain in IGNORED_WORDS else None


def is_open_position(word: str | None, exit_price: float | None, pnl: float | None, closed_at: datetime | None) -> bool:
    """Return whether a stored decision is a position that is still held: taken, and nothing says it was given up."""
    taken = (word or "").strip(" ").lower() in PLACED_WORDS
    return taken and exit_price is None and pnl is None and closed_at is None


def profit(entry_price: float | None, exit_price: float | None, contracts: int | None) -> float | None:
    """Return ``(exit - entry) x contracts x 100``, dollars, of what was bought for a debit; None if one is missing."""
    if entry_price is None or exit_price is None or contracts is None:
        return None
    return (exit_price - entry_price) * contracts * SHARES_A_CONTRACT
