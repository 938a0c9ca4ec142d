"""Small chains and scans for the tests of the core."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date, timedelta

import numpy as np

from forward_factor.core.arrays import BoolArray
from forward_factor.core.candidates import Candidates, Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.reasons import Flag, Reason, flags_in, reasons_in
from forward_factor.core.rules import VOL_POINTS, PairRule, ScanRules
from forward_factor.core.scan import ScanBatch, scan_chains
from forward_factor.core.term_structure import TermStructures, build_term_structures
from tests.chains import AS_OF, TODAY, chain_of
from tests.reference.slow_domain import Row, Snapshot

ONE_PAIR = ScanRules(pairs=(PairRule(30, 60, 5, 10),))
ALL_POINTS = ScanRules(vol_points=VOL_POINTS)
NOTHING_KNOWN = Surroundings()


def day(dte: int) -> date:
    return TODAY + timedelta(days=dte)


def quoted(dte: int, strike: float, right: str, bid: float | None, ask: float | None = None, **others: float) -> Row:
    """Return a liquid contract; without an ask, bid and ask are one."""
    numbers = {"volume": 500.0, "open_interest": 5000.0, **others}
    return Row(day(dte), strike, right, bid, bid if ask is None else ask, **numbers)


def small_chain(rows: Iterable[Row], spot: float = 100.0, ticker: str = "TEST") -> Chain:
    return chain_of(Snapshot(ticker, AS_OF, spot, tuple(rows)))


def at_dte(chain: Chain, *dtes: int) -> BoolArray:
    return np.isin(chain.contracts.expiry, np.array([day(dte) for dte in dtes], dtype="datetime64[D]"))


def edited(chain: Chain, rows: BoolArray | slice = slice(None), /, **values: float) -> Chain:
    """Return ``chain`` with columns replaced at ``rows``."""
    columns = {name: getattr(chain.contracts, name).copy() for name in values}
    for name, value in values.items():
        columns[name][rows] = value
    return replace(chain, contracts=replace(chain.contracts, **columns))


def without(chain: Chain, rows: BoolArray) -> Chain:
    return replace(chain, contracts=chain.contracts.take(~rows))


def reordered(chain: Chain, order: list[int]) -> Chain:
    return replace(chain, contracts=chain.contracts.take(np.array(order, dtype=np.int64)))


def structures_of(*chains: Chain, rate: float = 0.04) -> TermStructures:
    return build_term_structures(chains, ScanRules(risk_free_rate=rate))


def scan_one(chain: Chain, rules: ScanRules = ONE_PAIR, around: Surroundings = NOTHING_KNOWN) -> ScanBatch:
    return scan_chains([chain], [around], rules)


def reasons_of(chain: Chain, rules: ScanRules = ONE_PAIR, around: Surroundings = NOTHING_KNOWN) -> tuple[Reason, ...]:
    """Return the reasons of the first candidate."""
    return reasons_in(int(scan_one(chain, rules, around).candidates.reasons[0]))


def flags_of(chain: Chain, rules: ScanRules = ONE_PAIR) -> tuple[Flag, ...]:
    """Return the flags of the first candidate."""
    return flags_in(int(scan_one(chain, rules).candidates.flags[0]))


def fingerprint(batch: ScanBatch, place: int) -> dict[str, bytes]:
    """Return all that was found in one chain, bit for bit, wherever in its batch it stood."""
    own, found = batch.structures.curves_of(place), np.array(batch.candidates_of(place))
    first_row = int(np.searchsorted(batch.structures.quotes.curve, own.start))
    curves, forwards, points = batch.structures.curves, batch.structures.forwards, batch.structures.points
    columns = {name: getattr(batch.candidates, name)[found] for name in _names(Candidates) - {"chain", "front", "back"}}
    columns |= {name: getattr(curves, name)[own] for name in _names(type(curves)) - {"chain"}}
    columns |= {f"forward {name}": getattr(forwards, name)[own] for name in _names(type(forwards))}
    columns |= {f"point {name}": getattr(points, name)[own] for name in _names(type(points)) - {"rows"}}
    columns["front"] = _from(own.start, batch.candidates.front[found])
    columns["back"] = _from(own.start, batch.candidates.back[found])
    columns["rows"] = _from(first_row, points.rows[own])
    columns["curve flags"] = batch.structures.flags[own]
    return {name: _bits(column) for name, column in columns.items()}


def _names(of: type) -> set[str]:
    return {one.name for one in fields(of)}


def _from(first: int, places: np.ndarray) -> np.ndarray:
    return np.where(places == -1, -1, places - first)


def _bits(column: np.ndarray) -> bytes:
    if column.dtype.kind == "f":
        column = np.where(np.isnan(column), np.nan, column)  # one NaN has many bit patterns
    return column.tobytes()
