"""A trade from its entry to its exit, with every quote that was used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from forward_factor.backtest.moments import Leg
from forward_factor.backtest.splits import Standing
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import SHARES_A_CONTRACT, Quote


class ExitReason(StrEnum):
    """Why a position was closed."""

    BEFORE_EXPIRY = "before_expiry"
    STOP = "stop"
    TARGET = "target"
    SETTLED = "settled"
    SPLIT = "split"
    END_OF_DATA = "end_of_data"


class Skip(StrEnum):
    """Why a signal was not entered; the reasons of a ticket (``core.ticket.Refusal``) stand beside these."""

    NOT_STABLE_YET = "not_stable_yet"
    POSITION_OPEN = "position_open"
    TOO_CLOSE_TO_EXPIRY = "too_close_to_expiry"
    UNSOUND_QUOTES = "unsound_quotes"
    STAKE_TOO_SMALL = "stake_too_small"
    NO_CAPACITY = "no_capacity"
    TOO_MANY_POSITIONS = "too_many_positions"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True)
class Marked:
    """The quotes of all legs at one instant, in the order of the legs as they stood then."""

    at: datetime
    spot: float
    quotes: tuple[Quote, ...]
    standing: Standing

    @property
    def value(self) -> float:
        """Return the sum of (back mid - front mid), dollars a share of those at entry."""
        legs = zip(self.standing.legs, self.quotes, strict=True)
        return self.standing.ratio * sum(leg.sign * quote.mid for leg, quote in legs)


@dataclass(frozen=True, slots=True)
class Opening:
    """What was opened, and why.

    Attributes:
        legs: front before back of every calendar.
        ff: the forward factor it was gated on.
        front_iv, back_iv, sigma_fwd: of the candidate; of a double, of its put side.
        exits_on: the exit day.
        settles_at: instant from which the front is settled.

    """

    ticker: str
    pair: str
    structure: Structure
    contracts: int
    legs: tuple[Leg, ...]
    entry: Marked
    ff: float
    front_iv: float
    back_iv: float
    sigma_fwd: float
    exits_on: date
    settles_at: datetime

    @property
    def debit_at_mid(self) -> float:
        """Return the sum of (back mid - front mid) at entry, dollars a share."""
        return self.entry.value

    @property
    def debit_at_touch(self) -> float:
        """Return the sum of (back ask - front bid) at entry, dollars a share."""
        return sum(
            quote.ask if leg.sign > 0 else -quote.bid for leg, quote in zip(self.legs, self.entry.quotes, strict=True)
        )

    @property
    def max_loss(self) -> float:
        """Return what all contracts together can lose, dollars, commissions aside."""
        return self.debit_at_touch * SHARES_A_CONTRACT * self.contracts


@dataclass(frozen=True, slots=True)
class ExitPrice:
    """What one leg was closed at.

    Attributes:
        quote: bid and ask it rests on, None where it was settled at its intrinsic value.
        settled: dollars a share, the same under every fill; None where the leg was traded at ``quote``.

    """

    quote: Quote | None
    settled: float | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """How a position ended.

    Attributes:
        at: when it was closed; ``quoted_at`` is when the quotes were recorded, which is earlier only where it was
            closed at its last mark because of a split.
        prices: in the order of the legs.
        standing: the legs as they were listed then, and how many contracts splits had made of one.

    """

    reason: ExitReason
    at: datetime
    quoted_at: datetime
    spot: float
    prices: tuple[ExitPrice, ...]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Trade:
    """A position that was opened and closed."""

    opening: Opening
    closing: Closing
