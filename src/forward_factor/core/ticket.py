"""The trade behind a candidate: which calendar spread, what it costs, and how many of them.

Thesis: the front vol is dear against the forward vol behind it, so the front is sold and the back bought.

Legs, all of one contract each:
    calendar: sell the front, buy the back, of one strike and right.
    double calendar: a put calendar at -35 delta and a call calendar at +35 delta.

Prices and debits are dollars a share, a contract is 100 shares. Nothing is clamped: what cannot be priced is a
``Refusal``, never a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import floor, inf, isnan, nan

import numpy as np

from forward_factor.core import black76
from forward_factor.core.arrays import FloatArray, IntArray
from forward_factor.core.pairing import NO_CURVE
from forward_factor.core.quotes import usable_rows
from forward_factor.core.reasons import Flag, bit
from forward_factor.core.rules import VOL_POINTS, VolPoint
from forward_factor.core.term_structure import TermStructures
from forward_factor.core.vol_points import NO_ROW, TARGET_DELTA
from forward_factor.errors import InvalidInput

SHARES_A_CONTRACT = 100
KELLY_SHARE = 0.25
LARGEST_STAKE = 0.04
HIGHEST_BANKROLL = 1e12
ROUNDING = 1e-9
"""Two equal sums of quotes differ in their last bits; neither a debit nor a contract may hang on them."""


class Right(StrEnum):
    """Call or put, as in the canonical chain."""

    CALL = "C"
    PUT = "P"


class Refusal(StrEnum):
    """Why there is no ticket."""

    NO_EXPIRY_PAIR = "no_expiry_pair"
    NO_VOL_POINT = "no_vol_point"
    NO_COMMON_STRIKE = "no_common_strike"
    MISSING_QUOTES = "missing_quotes"
    CROSSED_QUOTES = "crossed_quotes"
    DEBIT_NOT_POSITIVE = "debit_not_positive"


@dataclass(frozen=True, slots=True)
class Quote:
    """Bid and ask of one contract, dollars a share; NaN where missing."""

    bid: float
    ask: float

    @property
    def mid(self) -> float:
        """Return (bid + ask) / 2."""
        return (self.bid + self.ask) / 2.0


@dataclass(frozen=True, slots=True)
class Debit:
    """What a spread costs to open, dollars a share.

    Attributes:
        at_mid: sum of (back mid - front mid).
        at_touch: sum of (back ask - front bid).

    """

    at_mid: float
    at_touch: float

    @property
    def spread_cost(self) -> float:
        """Return what crossing the spread costs: debit at touch - debit at mid, dollars a share."""
        return self.at_touch - self.at_mid

    @property
    def spread_cost_share(self) -> float:
        """Return the spread cost over the debit at mid, decimal (0.10 = 10 %)."""
        return self.spread_cost / self.at_mid

    @property
    def max_loss(self) -> float:
        """Return the debit at touch, dollars a share: all that was paid, if neither leg is assigned early."""
        return self.at_touch

    @property
    def max_loss_per_contract(self) -> float:
        """Return the debit at touch x 100, dollars."""
        return self.at_touch * SHARES_A_CONTRACT


@dataclass(frozen=True, slots=True)
class Stake:
    """What a user states about their own trading; there are no defaults.

    Attributes:
        win_rate: share of trades won, 0 to 1.
        win_loss_ratio: mean win over mean loss, above 0.
        bankroll: dollars, above 0.

    Raises:
        InvalidInput: a number lies outside its range.

    """

    win_rate: float
    win_loss_ratio: float
    bankroll: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.win_rate <= 1.0:
            raise InvalidInput(f"a win rate is a decimal from 0 to 1 (0.6 = 60 %), not {self.win_rate}")
        if not 0.0 < self.win_loss_ratio < inf:
            raise InvalidInput(f"a win/loss ratio is above 0, not {self.win_loss_ratio}")
        if not 0.0 < self.bankroll <= HIGHEST_BANKROLL:
            raise InvalidInput(f"a bankroll is in dollars, above 0 and at most 1e12, not {self.bankroll}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar spread: sell ``front``, buy ``back``.

    Attributes:
        strike: dollars, the same in both expiries.
        target_strike: dollars, where the strike should lie: the front's forward, or the strike of 35 delta.

    """

    right: Right
    strike: float
    target_strike: float
    front_expiry: date
    back_expiry: date
    front: Quote
    back: Quote
    debit: Debit


@dataclass(frozen=True, slots=True)
class Ticket:
    """A trade: one calendar or two, their debit together, and the suggested size.

    Attributes:
        contracts: of every leg; None where the user stated no win rate, win/loss ratio and bankroll.

    """

    calendars: tuple[Calendar, ...]
    debit: Debit
    contracts: int | None


def double_ff(put_ff: float, call_ff: float) -> float:
    """Return the forward factor a double calendar is gated on: the smaller of the two, NaN if either is missing."""
    return nan if isnan(put_ff) or isnan(call_ff) else min(put_ff, call_ff)


def price_calendar(front: Quote, back: Quote) -> Debit | Refusal:
    """Return the debit of selling ``front`` and buying ``back``, or why there is none.

    ``at_mid = back mid - front mid`` and ``at_touch = back ask - front bid``, dollars a share. A debit that is not
    above 0 is refused: either quote is wrong then, or the term structure holds an arbitrage.
    """
    if any(quote.bid > quote.ask for quote in (front, back)):
        return Refusal.CROSSED_QUOTES
    if not all(0.0 < quote.bid <= quote.ask < inf for quote in (front, back)):
        return Refusal.MISSING_QUOTES
    debit = Debit(at_mid=back.mid - front.mid, at_touch=back.ask - front.bid)
    priced = debit.at_mid > ROUNDING and debit.max_loss_per_contract < inf
    return debit if priced else Refusal.DEBIT_NOT_POSITIVE


def kelly_fraction(win_rate: float, win_loss_ratio: float) -> float:
    """Return ``f = p - (1 - p) / b``, the share of the bankroll that grows it fastest; below 0: do not bet.

    Kelly, A New Interpretation of Information Rate (1956), for a win of ``b`` per unit lost.
    """
    return win_rate - (1.0 - win_rate) / win_loss_ratio


def suggest_contracts(max_loss_per_contract: float, stake: Stake) -> int:
    """Return ``floor(min(max(f, 0) / 4, 4 %) x bankroll / max loss of one contract)``, f the Kelly fraction.

    Args:
        max_loss_per_contract: dollars, above 0.
        stake: the user's own numbers.

    """
    fraction = max(kelly_fraction(stake.win_rate, stake.win_loss_ratio), 0.0)
    return contracts_for(min(fraction * KELLY_SHARE, LARGEST_STAKE) * stake.bankroll, max_loss_per_contract)


def contracts_for(at_risk: float, max_loss_per_contract: float) -> int:
    """Return how many contracts may be lost whole for ``at_risk`` dollars."""
    return floor(at_risk / max_loss_per_contract * (1.0 + ROUNDING))


def write_calendar(
    structures: TermStructures,
    front: int,
    back: int,
    point: VolPoint,
    rate: float,
    prefers: Right = Right.CALL,
    stake: Stake | None = None,
) -> Ticket | Refusal:
    """Return the calendar at a vol point of two curves of one chain, or why there is none.

    The strike is, of those with usable quotes of the right in both expiries, the nearest to the front's forward
    (``ATM``) or to the strike where the front's |delta| is 0.35, the lower of two equally near.

    Args:
        structures: of the scan the candidate is from.
        front: curve of the expiry to sell, as in ``Candidates``; ``NO_CURVE`` where there is none.
        back: curve of the expiry to buy, likewise.
        point: where on the smile; the 35 delta points fix the right.
        rate: the scan's ``risk_free_rate``.
        prefers: right at the money.
        stake: for a suggested size.

    """
    calendar = _calendar_at(structures, front, back, point, rate, prefers)
    return calendar if isinstance(calendar, Refusal) else _ticket((calendar,), stake)


def write_double_calendar(
    structures: TermStructures, front: int, back: int, rate: float, stake: Stake | None = None
) -> Ticket | Refusal:
    """Return the put calendar at -35 delta with the call calendar at +35 delta, or why either cannot be had.

    Arguments as of ``write_calendar``; its forward factor is ``double_ff``.
    """
    calendars = []
    for point in (VolPoint.PUT_35D, VolPoint.CALL_35D):
        calendar = _calendar_at(structures, front, back, point, rate, Right.CALL)
        if isinstance(calendar, Refusal):
            return calendar
        calendars.append(calendar)
    return _ticket(calendars, stake)


def _ticket(calendars: Sequence[Calendar], stake: Stake | None) -> Ticket:
    debit = Debit(sum(one.debit.at_mid for one in calendars), sum(one.debit.at_touch for one in calendars))
    contracts = None if stake is None else suggest_contracts(debit.max_loss_per_contract, stake)
    return Ticket(tuple(calendars), debit, contracts)


def _calendar_at(
    structures: TermStructures, front: int, back: int, point: VolPoint, rate: float, prefers: Right
) -> Calendar | Refusal:
    if NO_CURVE in (front, back):
        return Refusal.NO_EXPIRY_PAIR
    target = _target_strike(structures, front, point, rate)
    if not 0.0 < target < inf:
        return Refusal.NO_VOL_POINT
    right = {VolPoint.ATM: prefers, VolPoint.PUT_35D: Right.PUT, VolPoint.CALL_35D: Right.CALL}[point]
    rows = _nearest_common(structures, front, back, right, target)
    return Refusal.NO_COMMON_STRIKE if rows is None else _priced(structures, rows, right, target)


def _priced(structures: TermStructures, rows: tuple[int, int], right: Right, target: float) -> Calendar | Refusal:
    contracts = structures.quotes.contracts
    front, back = (Quote(float(contracts.bid[row]), float(contracts.ask[row])) for row in rows)
    debit = price_calendar(front, back)
    if isinstance(debit, Refusal):
        return debit
    front_expiry, back_expiry = contracts.expiry[list(rows)].tolist()
    return Calendar(right, float(contracts.strike[rows[0]]), target, front_expiry, back_expiry, front, back, debit)


def _target_strike(structures: TermStructures, front: int, point: VolPoint, rate: float) -> float:
    """Return the strike to aim at, dollars; NaN where the front has no such point."""
    if point is VolPoint.ATM:
        return float(structures.forwards.price[front])
    place = VOL_POINTS.index(point)
    rows = structures.points.rows[front, place]
    if NO_ROW in rows:
        return nan
    strike = structures.quotes.contracts.strike[rows]
    from_vendor = bool(structures.points.flags[front, place] & bit(Flag.VENDOR_IV))
    low, high = _absolute_deltas(structures, rows, front, rate, from_vendor=from_vendor) - TARGET_DELTA
    share = low / (low - high) if low != high else 0.0
    return float(strike[0] + (strike[1] - strike[0]) * share)


def _absolute_deltas(
    structures: TermStructures, rows: IntArray, curve: int, rate: float, *, from_vendor: bool
) -> FloatArray:
    contracts = structures.quotes.contracts.take(rows)
    forward = np.full(len(rows), structures.forwards.price[curve])
    years = np.full(len(rows), structures.curves.years[curve])
    iv = contracts.iv
    if not from_vendor:
        mid = structures.quotes.mid[rows]
        iv = black76.implied_vols(mid, contracts.is_call, forward, contracts.strike, years, rate)
    return black76.absolute_deltas(contracts.is_call, forward, contracts.strike, years, iv)


def _nearest_common(
    structures: TermStructures, front: int, back: int, right: Right, target: float
) -> tuple[int, int] | None:
    """Return the front and back row of the strike nearest to ``target`` with usable quotes in both, lower first."""
    is_call = right is Right.CALL
    fronts, backs = usable_rows(structures.quotes, front, is_call), usable_rows(structures.quotes, back, is_call)
    strike = structures.quotes.contracts.strike
    common, at_front, at_back = np.intersect1d(strike[fronts], strike[backs], return_indices=True)
    if not len(common):
        return None
    nearest = int(np.argmin(np.abs(common - target)))
    return int(fronts[at_front[nearest]]), int(backs[at_back[nearest]])
