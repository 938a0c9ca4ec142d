"""The term structure of many chains at once: quotes, then forwards, then vol points, an entry an expiry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from forward_factor.core.arrays import FloatArray, IntArray
from forward_factor.core.chain import Chain
from forward_factor.core.forward import Forwards, imply_forwards
from forward_factor.core.quotes import Curves, QuoteTable, tabulate_quotes
from forward_factor.core.reasons import Flag, bit
from forward_factor.core.rules import VOL_POINTS, ScanRules
from forward_factor.core.vol_points import VolPoints, read_vol_points


@dataclass(frozen=True, slots=True, eq=False)
class TermStructures:
    """Everything known of each expiry of each chain.

    Attributes:
        as_of: instant of each chain.
        flags: bit sets of ``Flag``, one a curve: those of its points, and ``calendar_arbitrage`` where total
            variance falls from the expiry before even from its bid to this one's ask.

    """

    as_of: tuple[datetime, ...]
    quotes: QuoteTable
    forwards: Forwards
    points: VolPoints
    flags: IntArray

    @property
    def curves(self) -> Curves:
        """Return the expiries."""
        return self.quotes.curves

    @property
    def years_by_point(self) -> FloatArray:
        """Return time to expiry, shape (curves, vol points)."""
        return np.repeat(self.curves.years[:, np.newaxis], len(VOL_POINTS), axis=1)

    def curves_of(self, chain: int) -> slice:
        """Return the curves of one chain."""
        first, end = np.searchsorted(self.curves.chain, [chain, chain + 1])
        return slice(int(first), int(end))


def build_term_structures(chains: Sequence[Chain], rules: ScanRules) -> TermStructures:
    """Return the term structures of ``chains`` up to the horizon of ``rules``."""
    quotes = tabulate_quotes(chains, rules.horizon_days)
    forwards = imply_forwards(quotes, rules.risk_free_rate)
    points = read_vol_points(quotes, forwards, rules.risk_free_rate)
    as_of = tuple(chain.as_of for chain in chains)
    return TermStructures(as_of, quotes, forwards, points, _curve_flags(quotes.curves, forwards, points))


def variance_falls(
    earlier_bid: FloatArray, earlier_years: FloatArray, later_ask: FloatArray, later_years: FloatArray
) -> IntArray:
    """Return the ``calendar_arbitrage`` bit where total variance falls even from bid to ask."""
    with np.errstate(invalid="ignore", over="ignore"):
        falls = earlier_bid**2 * earlier_years > later_ask**2 * later_years
    return np.where(falls, bit(Flag.CALENDAR_ARBITRAGE), 0)


def _curve_flags(curves: Curves, forwards: Forwards, points: VolPoints) -> IntArray:
    flags: IntArray = np.bitwise_or.reduce(points.flags, axis=1)
    flags |= np.where(forwards.duplicate, bit(Flag.DUPLICATE_CONTRACT), 0)
    years = curves.years[:, np.newaxis]
    falls = np.bitwise_or.reduce(variance_falls(points.bid[:-1], years[:-1], points.ask[1:], years[1:]), axis=1)
    flags[1:] |= np.where(curves.chain[1:] == curves.chain[:-1], falls, 0)
    return flags
