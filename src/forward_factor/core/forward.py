"""The forward of each expiry, implied by put-call parity near the money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_factor.core.arrays import BoolArray, FloatArray, IntArray
from forward_factor.core.quotes import QuoteTable

STRIKES_USED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Forwards:
    """One entry a curve.

    Attributes:
        price: the forward in dollars.
        from_spot: no strike had usable quotes on both sides, so spot was carried at the rate.
        duplicate: a contract that stood several times in the chain took part.

    """

    price: FloatArray
    from_spot: BoolArray
    duplicate: BoolArray


def imply_forwards(quotes: QuoteTable, rate: float) -> Forwards:
    """Return ``F = median(K + e^{rT} (C_mid - P_mid))`` over the five strikes nearest to spot.

    Only strikes with usable quotes on both sides count; of two equally near the lower comes first; the
    median of an even number is the mean of the middle two. With none, ``F = spot e^{rT}``.
    """
    curves = quotes.curves
    growth = np.exp(rate * curves.years)
    puts = _nearest_to_spot(quotes, _put_rows_with_calls(quotes))
    curve = quotes.curve[puts]
    price = curves.spot * growth
    from_spot = np.ones(len(curves), dtype=np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        parity = quotes.contracts.strike[puts] + growth[curve] * (quotes.mid[puts + 1] - quotes.mid[puts])
        medians, with_parity = _medians(parity, curve)
    price[with_parity] = medians
    from_spot[with_parity] = False
    duplicate = np.zeros(len(curves), dtype=np.bool_)
    duplicate[curve[quotes.duplicate[puts] | quotes.duplicate[puts + 1]]] = True
    return Forwards(price, from_spot, duplicate)


def _put_rows_with_calls(quotes: QuoteTable) -> IntArray:
    """Rows of usable puts whose next row is the usable call of the same strike."""
    strike, is_call, curve, usable = (
        quotes.contracts.strike, quotes.contracts.is_call, quotes.curve, quotes.usable,
    )  # fmt: skip
    paired = (strike[:-1] == strike[1:]) & (curve[:-1] == curve[1:]) & ~is_call[:-1] & is_call[1:]
    return np.flatnonzero(paired & usable[:-1] & usable[1:])


def _nearest_to_spot(quotes: QuoteTable, rows: IntArray) -> IntArray:
    strike, curve = quotes.contracts.strike[rows], quotes.curve[rows]
    distance = np.abs(strike - quotes.curves.spot[curve])
    order = np.lexsort((strike, distance, curve))
    return rows[order][_place_in_run(curve[order]) < STRIKES_USED]


def _medians(values: FloatArray, group: IntArray) -> tuple[FloatArray, IntArray]:
    order = np.lexsort((values, group))
    ordered = values[order]
    groups, first, count = np.unique(group[order], return_index=True, return_counts=True)
    return (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2.0, groups


def _place_in_run(group: IntArray) -> IntArray:
    starts = np.ones(len(group), dtype=np.bool_)
    starts[1:] = group[1:] != group[:-1]
    first = np.flatnonzero(starts)
    return np.arange(len(group)) - np.repeat(first, np.diff(np.append(first, len(group))))
