"""The trade behind a signal in depth: ticket, the quotes it is made of, and what its pay-off hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan

import numpy as np

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.arrays import FloatArray
from forward_factor.core.chain import Contracts
from forward_factor.core.pay_off import Holding, spots_around
from forward_factor.core.scan import ScanBatch
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Calendar, Right, Ticket
from forward_factor.services.ports import StoredScan
from forward_factor.services.views import SignalView
from forward_factor.services.write_ticket import WrittenTicket, curve_of, scan_for_ticket, ticket_from


@dataclass(frozen=True, slots=True, kw_only=True)
class LegView:
    """One leg of a trade as it was quoted; dollars a share and contracts, what is missing None."""

    is_sold: bool
    right: Right
    strike: float
    expiry: date
    bid: float | None
    ask: float | None
    mid: float | None
    open_interest: float | None
    volume: float | None


@dataclass(frozen=True, slots=True, eq=False)
class PayOffBasis:
    """What a pay-off at front expiry is computed from, with the vols it is natural to ask about.

    Attributes:
        spots: where to compute it, dollars, ascending.
        back_iv, sigma_fwd: the back's vol now and the forward vol, annualised decimals.

    """

    held: Holding
    spots: FloatArray
    spot: float
    back_iv: float
    sigma_fwd: float | None


@dataclass(frozen=True, slots=True)
class TradeStudy:
    """A signal's ticket with its legs; both are empty, and there is no pay-off, where the ticket is refused."""

    written: WrittenTicket
    legs: Sequence[LegView]
    pay_off: PayOffBasis | None


def study_trade(
    scan: StoredScan, signal: SignalView, settings: AccountSettings, structure: Structure | None = None
) -> TradeStudy:
    """Return the trade of a signal at the quotes of its own snapshot; computes, and reads nothing."""
    batch = scan_for_ticket(scan)
    written = ticket_from(batch, signal, settings, structure)
    if not isinstance(written.trade, Ticket):
        return TradeStudy(written, (), None)
    calendars = written.trade.calendars
    legs = [leg for one in calendars for leg in _legs(batch.structures.quotes.contracts, one)]
    return TradeStudy(written, legs, _basis(batch, signal, written.trade))


def _legs(contracts: Contracts, one: Calendar) -> tuple[LegView, LegView]:
    return (
        _leg(contracts, one, one.front_expiry, is_sold=True),
        _leg(contracts, one, one.back_expiry, is_sold=False),
    )


def _leg(contracts: Contracts, one: Calendar, expiry: date, *, is_sold: bool) -> LegView:
    quote = one.front if is_sold else one.back
    same = (contracts.expiry == np.datetime64(expiry, "D")) & (contracts.strike == one.strike)
    row = int(np.flatnonzero(same & (contracts.is_call == (one.right is Right.CALL)))[0])
    return LegView(
        is_sold=is_sold,
        right=one.right,
        strike=one.strike,
        expiry=expiry,
        bid=_known(quote.bid),
        ask=_known(quote.ask),
        mid=_known(quote.mid),
        open_interest=_known(float(contracts.open_interest[row])),
        volume=_known(float(contracts.volume[row])),
    )


def _basis(batch: ScanBatch, signal: SignalView, ticket: Ticket) -> PayOffBasis | None:
    front, back = (curve_of(batch, on) for on in (signal.front_expiry, signal.back_expiry))
    if signal.front_iv is None or signal.back_iv is None:
        return None
    forward, years = batch.structures.forwards.price, batch.structures.curves.years
    strike = np.array([one.strike for one in ticket.calendars])
    spot = batch.chains[0].spot
    held = Holding(
        strike=strike,
        is_call=np.array([one.right is Right.CALL for one in ticket.calendars]),
        debit=ticket.debit.at_mid,
        carry=float(forward[back] / forward[front]),
        years_left=float(years[back] - years[front]),
        rate=batch.rules.risk_free_rate,
    )
    spots = spots_around(spot, signal.front_iv, float(years[front]), strike)
    return PayOffBasis(held, spots, spot, signal.back_iv, signal.sigma_fwd)


def _known(value: float) -> float | None:
    return None if isnan(value) else value
