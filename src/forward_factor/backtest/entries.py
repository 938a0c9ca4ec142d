"""From the candidates of a batch to signals, and from a signal to a trade that can be priced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_factor.backtest.exits import exit_day, settlement_instant
from forward_factor.backtest.moments import Leg, Moment
from forward_factor.backtest.rules import BacktestRules, EntryRules
from forward_factor.backtest.soundness import Rung
from forward_factor.backtest.splits import Standing
from forward_factor.backtest.trades import Marked, Opening, Skip
from forward_factor.core.arrays import BoolArray, FloatArray
from forward_factor.core.pairing import NO_CURVE
from forward_factor.core.reasons import Reason, bit
from forward_factor.core.rules import VolPoint
from forward_factor.core.scan import ScanBatch
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import (
    SHARES_A_CONTRACT,
    Refusal,
    Right,
    Ticket,
    write_calendar,
    write_double_calendar,
)

SkipReason = Skip | Refusal


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Arrays of shape (chains, pairs) of one trial over a batch.

    Attributes:
        ff: what is gated on; of a double the smaller one, NaN if either is missing.
        place: of the candidate at the first vol point.

    """

    is_signal: BoolArray
    ff: FloatArray
    place: np.ndarray


@dataclass(frozen=True, slots=True)
class Proposal:
    """A trade of one contract a leg that could be opened, still without a size."""

    opening: Opening
    rungs: tuple[Rung, ...]

    @property
    def loss_of_one(self) -> float:
        """Return what one contract can lose, dollars."""
        return self.opening.debit_at_touch * SHARES_A_CONTRACT


def find_signals(batch: ScanBatch, entry: EntryRules) -> Signals:
    """Return where each pair of ``entry`` signals; the batch's rules must hold its pairs and points."""
    rules, found = batch.rules, batch.candidates
    shape = (len(batch.chains), len(rules.pairs), len(rules.vol_points))
    pairs = [rules.pairs.index(pair) for pair in entry.pairs]
    points = [rules.vol_points.index(point) for point in entry.points]
    places = np.arange(len(found)).reshape(shape)[:, pairs][:, :, points]
    other_reasons = found.reasons[places] & ~bit(Reason.FF_BELOW_THRESHOLD)
    ff: FloatArray = found.ff[places].min(axis=2, initial=np.inf)
    is_signal: BoolArray = (other_reasons == 0).all(axis=2) & (ff >= entry.threshold)
    return Signals(is_signal, ff, places[:, :, 0])


def propose(moment: Moment, pair: int, signals: Signals, rules: BacktestRules) -> Proposal | SkipReason:
    """Return the trade behind a signal at the quotes of its own snapshot, or why there is none."""
    place = int(signals.place[moment.chain, pair])
    ticket = _ticket(moment, place, rules.entry)
    if isinstance(ticket, Refusal):
        return ticket
    front_expiry = ticket.calendars[0].front_expiry
    exits_on = exit_day(front_expiry, rules.exit.days_before_expiry)
    if moment.day >= exits_on:
        return Skip.TOO_CLOSE_TO_EXPIRY
    legs = _legs(ticket)
    rungs = moment.sound_rungs(legs)
    if rungs is None:
        return Skip.UNSOUND_QUOTES
    found = moment.batch.candidates
    opening = Opening(
        ticker=moment.ticker,
        pair=rules.entry.pairs[pair].name,
        structure=rules.entry.structure,
        contracts=1,
        legs=legs,
        entry=Marked(moment.at, moment.spot, tuple(rung.quote for rung in rungs), Standing(legs)),
        ff=float(signals.ff[moment.chain, pair]),
        front_iv=float(found.front_iv[place]),
        back_iv=float(found.back_iv[place]),
        sigma_fwd=float(found.sigma_fwd[place]),
        exits_on=exits_on,
        settles_at=settlement_instant(front_expiry),
    )
    return Proposal(opening, rungs)


def _ticket(moment: Moment, place: int, entry: EntryRules) -> Ticket | Refusal:
    batch = moment.batch
    front, back = int(batch.candidates.front[place]), int(batch.candidates.back[place])
    if NO_CURVE in (front, back):
        return Refusal.NO_EXPIRY_PAIR
    rate = batch.rules.risk_free_rate
    if entry.structure is Structure.DOUBLE:
        return write_double_calendar(batch.structures, front, back, rate)
    right = Right.PUT if entry.structure is Structure.PUT else Right.CALL
    return write_calendar(batch.structures, front, back, VolPoint(entry.vol_point), rate, right)


def _legs(ticket: Ticket) -> tuple[Leg, ...]:
    legs: list[Leg] = []
    for one in ticket.calendars:
        is_call = one.right is Right.CALL
        legs.append(Leg(one.front_expiry, one.strike, is_call, -1))
        legs.append(Leg(one.back_expiry, one.strike, is_call, 1))
    return tuple(legs)
