"""Which two expiries of a chain make a pair."""

from __future__ import annotations

import numpy as np

from forward_factor.core.arrays import IntArray
from forward_factor.core.quotes import Curves
from forward_factor.core.rules import PairRule

NO_CURVE = -1


def choose_pair(curves: Curves, chain_count: int, rule: PairRule) -> tuple[IntArray, IntArray]:
    """Return, per chain, the curve of the front and of the back expiry (``NO_CURVE``: none).

    On each side the expiry nearest to the target within its tolerance, of two equally near the earlier.
    A back that is not after the front is no back.
    """
    front = _nearest(curves, chain_count, rule.front, rule.front_tolerance)
    back = _nearest(curves, chain_count, rule.back, rule.back_tolerance)
    not_after = (front != NO_CURVE) & (back <= front)
    return front, np.where(not_after, NO_CURVE, back)


def _nearest(curves: Curves, chain_count: int, target: int, tolerance: int) -> IntArray:
    distance = np.abs(curves.dte - target)
    within = np.flatnonzero(distance <= tolerance)
    worst_first = np.lexsort((-curves.dte[within], -distance[within]))
    chosen = np.full(chain_count, NO_CURVE, dtype=np.int64)
    chosen[curves.chain[within[worst_first]]] = within[worst_first]  # the best is written last
    return chosen
