"""The gates: each turns numbers of a candidate into reason bits. A failed gate refuses the signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_factor.core.arrays import BoolArray, FloatArray, IntArray
from forward_factor.core.forward import Forwards
from forward_factor.core.quotes import QuoteTable
from forward_factor.core.reasons import Flag, Reason, bit
from forward_factor.core.rules import ScanRules
from forward_factor.core.vol_points import VolPoints

ROUNDING = 1e-9
"""A spread of 8 % in cents is 0.08000000000000007 in floats; it is within 8 %."""

FORWARD_BAND = 1.25
"""Recorded forwards lie within 2 % of spot; one a quarter away comes from faulty quotes, or from a borrow so dear
that the European formulas no longer hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Liquidity:
    """What the contracts behind some vol points offer, the worst of them; NaN where it is not known.

    Attributes:
        spread_pct: widest (ask - bid) / mid, decimal.
        open_interest, volume: smallest, contracts; NaN as soon as one is not known.
        reasons: bits of missing and crossed quotes.

    """

    spread_pct: FloatArray
    open_interest: FloatArray
    volume: FloatArray
    reasons: IntArray

    def worse_of(self, other: Liquidity) -> Liquidity:
        """Return the worse of two legs, number by number."""
        return Liquidity(
            np.fmax(self.spread_pct, other.spread_pct),
            np.minimum(self.open_interest, other.open_interest),
            np.minimum(self.volume, other.volume),
            self.reasons | other.reasons,
        )

    def take(self, places: tuple[IntArray, ...]) -> Liquidity:
        """Return the entries at ``places``."""
        return Liquidity(self.spread_pct[places], self.open_interest[places], self.volume[places], self.reasons[places])


def judge_points(quotes: QuoteTable, forwards: Forwards, points: VolPoints) -> Liquidity:
    """Return the liquidity behind every vol point, shape (curves, vol points).

    A point that is not made from quotes (``vendor_iv``) carries ``missing_quotes``: it has no bid and ask
    to trade at and no error bar. So does one on a forward outside ``FORWARD_BAND``. Where an expiry has no
    usable quote at all, its missing points say why.
    """
    contracts, rows = quotes.contracts, points.rows
    made = np.isfinite(points.mid)
    from_vendor = (points.flags & bit(Flag.VENDOR_IV)) > 0
    with np.errstate(invalid="ignore", over="ignore"):
        spread_pct = (contracts.ask - contracts.bid) / quotes.mid
        crossed = contracts.bid > contracts.ask
        carry = (forwards.price / quotes.curves.spot)[:, np.newaxis]
    without_quotes = _curves_without_quotes(quotes)[:, np.newaxis] & ~made
    any_crossed = np.zeros(len(quotes.curves), dtype=np.bool_)
    any_crossed[quotes.curve[crossed]] = True
    leg_crossed = (made & crossed[rows].any(axis=2)) | (without_quotes & any_crossed[:, np.newaxis])
    leg_missing = from_vendor | (without_quotes & ~any_crossed[:, np.newaxis])
    leg_missing |= made & ((carry < 1.0 / FORWARD_BAND) | (carry > FORWARD_BAND))
    return Liquidity(
        spread_pct=np.where(made, np.fmax(spread_pct[rows[..., 0]], spread_pct[rows[..., 1]]), np.nan),
        open_interest=np.where(made, contracts.open_interest[rows].min(axis=2), np.nan),
        volume=np.where(made, contracts.volume[rows].min(axis=2), np.nan),
        reasons=_bits(Reason.CROSSED_QUOTES, leg_crossed) | _bits(Reason.MISSING_QUOTES, leg_missing),
    )


def _curves_without_quotes(quotes: QuoteTable) -> BoolArray:
    without = np.ones(len(quotes.curves), dtype=np.bool_)
    without[quotes.curve[quotes.usable]] = False
    return without


def liquidity_reasons(liquidity: Liquidity, rules: ScanRules) -> IntArray:
    """Return the bits of failed liquidity gates; a number that is not known fails its gate."""
    return (
        liquidity.reasons
        | _bits(Reason.WIDE_SPREAD, liquidity.spread_pct > rules.max_bid_ask_pct + ROUNDING)
        | _bits(Reason.LOW_OPEN_INTEREST, ~(liquidity.open_interest >= rules.min_open_interest))
        | _bits(Reason.LOW_VOLUME, ~(liquidity.volume >= rules.min_volume))
    )


def forward_reasons(variance: FloatArray, sigma_fwd: FloatArray, ff: FloatArray, rules: ScanRules) -> IntArray:
    """Return the bits of gates on forward variance, forward vol and forward factor."""
    return (
        _bits(Reason.NEGATIVE_FORWARD_VARIANCE, variance <= 0.0)
        | _bits(Reason.SIGMA_FWD_BELOW_FLOOR, sigma_fwd < rules.sigma_fwd_floor)
        | _bits(Reason.FF_BELOW_THRESHOLD, ff < rules.ff_threshold)
    )


def _bits(reason: Reason, where: BoolArray) -> IntArray:
    return np.where(where, bit(reason), 0)
