"""The trade behind a stored signal, from the quotes it was found in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.pairing import NO_CURVE
from forward_factor.core.rules import VOL_POINTS, VolPoint
from forward_factor.core.scan import ScanBatch, scan_chains
from forward_factor.core.structure import Structure, structure_at
from forward_factor.core.ticket import (
    Refusal,
    Right,
    Stake,
    Ticket,
    double_ff,
    write_calendar,
    write_double_calendar,
)
from forward_factor.errors import NotFound
from forward_factor.services.candidate_table import view_candidates
from forward_factor.services.find_signal import find_signal
from forward_factor.services.ports import Findings, StoredScan, Transactions
from forward_factor.services.read_settings import read_settings
from forward_factor.services.views import SignalView

REFUSALS: Mapping[Refusal, str] = {
    Refusal.NO_EXPIRY_PAIR: "the chain does not hold both expiries",
    Refusal.NO_VOL_POINT: "the front expiry has no strike at that vol point",
    Refusal.NO_COMMON_STRIKE: "no strike has a usable quote in both expiries",
    Refusal.MISSING_QUOTES: "a leg has no usable quote (0 < bid <= ask)",
    Refusal.CROSSED_QUOTES: "a leg's quote is crossed (bid above ask)",
    Refusal.DEBIT_NOT_POSITIVE: "the back costs no more than the front brings, so a quote must be wrong",
}


@dataclass(frozen=True, slots=True)
class WrittenTicket:
    """What trading a signal takes.

    Attributes:
        structure: what the ticket trades; a 35 delta point fixes the right of a calendar.
        ff: forward factor of that trade: of a double calendar the smaller of the two at 35 delta; None where missing.
        trade: the ticket, or why there is none.

    """

    signal: SignalView
    structure: Structure
    ff: float | None
    trade: Ticket | Refusal

    @property
    def refusal(self) -> str | None:
        """Return in words why there is no ticket, None where there is one."""
        return REFUSALS[self.trade] if isinstance(self.trade, Refusal) else None


async def write_ticket(
    store: Transactions,
    findings: Findings,
    signal_id: str,
    user_id: str | None = None,
    structure: Structure | None = None,
) -> WrittenTicket:
    """Return the trade of a signal, named by its id or how that begins, at the quotes of its own snapshot.

    Args:
        store: where users' settings are.
        findings: where signals and their quotes are.
        signal_id: which signal.
        user_id: whose preferred structure and stake count; without a stake no size is suggested.
        structure: traded instead of the preferred one.

    Raises:
        InvalidInput: several signals begin so.
        NotFound: there is no such signal, or its quotes were not kept.

    """
    signal = await find_signal(findings, signal_id)
    scan = await findings.stored_scan(signal)
    if scan is None:
        raise NotFound(f"signal {signal.id} has no ticket: the quotes it was made from were not kept")
    settings = AccountSettings() if user_id is None else await read_settings(store, user_id)
    return ticket_from(scan_for_ticket(scan), signal, settings, structure)


def scan_for_ticket(scan: StoredScan) -> ScanBatch:
    """Return a stored scan computed again at every vol point: a ticket may lie at others than its signal."""
    return scan_chains([scan.chain], [scan.surroundings], replace(scan.rules, vol_points=VOL_POINTS))


def ticket_from(
    batch: ScanBatch, signal: SignalView, settings: AccountSettings, structure: Structure | None = None
) -> WrittenTicket:
    """Return the trade of a signal in its own scan; ``structure`` instead of the one the settings prefer."""
    traded = structure_at(structure or settings.structure, signal.vol_point)
    trade = _trade(batch, signal, traded, settings.stake)
    return WrittenTicket(signal, traded, _ff(batch, signal, traded), trade)


def _trade(batch: ScanBatch, signal: SignalView, structure: Structure, stake: Stake | None) -> Ticket | Refusal:
    front, back = (curve_of(batch, on) for on in (signal.front_expiry, signal.back_expiry))
    rate = batch.rules.risk_free_rate
    if structure is Structure.DOUBLE:
        return write_double_calendar(batch.structures, front, back, rate, stake)
    prefers = Right.PUT if structure is Structure.PUT else Right.CALL
    return write_calendar(batch.structures, front, back, _vol_point(signal), rate, prefers, stake)


def curve_of(batch: ScanBatch, expiry: date | None) -> int:
    """Return the place of an expiry among the curves of one chain's scan, ``NO_CURVE`` where it has none."""
    found = np.flatnonzero(batch.structures.curves.expiry == np.datetime64(expiry, "D"))
    return int(found[0]) if len(found) else NO_CURVE


def _vol_point(signal: SignalView) -> VolPoint:
    return next((point for point in VOL_POINTS if point.value == signal.vol_point), VolPoint.ATM)


def _ff(batch: ScanBatch, signal: SignalView, structure: Structure) -> float | None:
    """Return the forward factor of a structure: the signal's own, or a double calendar's."""
    if structure is not Structure.DOUBLE:
        return signal.ff
    by_point = {one.vol_point: one.ff for one in view_candidates(batch) if one.pair == signal.pair}
    put, call = by_point.get(VolPoint.PUT_35D), by_point.get(VolPoint.CALL_35D)
    return None if put is None or call is None else double_ff(put, call)


async def price_signal(findings: Findings, signal: SignalView, structure: Structure) -> Ticket | Refusal | None:
    """Return the trade of a signal at the quotes of its own snapshot, None where those were not kept."""
    scan = await findings.stored_scan(signal)
    if scan is None:
        return None
    batch = scan_chains([scan.chain], [scan.surroundings], replace(scan.rules, vol_points=VOL_POINTS))
    return _trade(batch, signal, structure, None)
