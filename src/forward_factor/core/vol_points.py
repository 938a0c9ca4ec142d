"""Vol points of each expiry: at the money forward, and at 35 delta on either side.

The smile is read from out-of-the-money options (puts with K < F, calls with K >= F), three times: from
mids, bids and asks. Where the mids give no point and the vendor sent vols, those are read the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forward_factor.core import black76
from forward_factor.core.arrays import BoolArray, FloatArray, IntArray
from forward_factor.core.forward import Forwards
from forward_factor.core.quotes import QuoteTable
from forward_factor.core.reasons import Flag, bit
from forward_factor.core.rules import VOL_POINTS

TARGET_DELTA = 0.35
NO_ROW = -1

_Picker = Callable[[IntArray, IntArray, int], IntArray]


@dataclass(frozen=True, slots=True, eq=False)
class VolPoints:
    """Arrays of shape (curves, vol points), points in the order of ``VOL_POINTS``.

    Attributes:
        mid, bid, ask: annualised vols, decimal, NaN where missing.
        rows: shape (curves, vol points, 2), the rows of the quote table the mid was made from;
            a point made from one strike has it twice, a missing point has ``NO_ROW``.
        flags: bit sets of ``Flag``.

    """

    mid: FloatArray
    bid: FloatArray
    ask: FloatArray
    rows: IntArray
    flags: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class _Smile:
    """Out-of-the-money vols sorted by curve and strike; ``row`` points into the quote table."""

    row: IntArray
    curve: IntArray
    is_call: BoolArray
    log_moneyness: FloatArray
    years: FloatArray
    forward: FloatArray
    strike: FloatArray
    iv: FloatArray

    def where(self, keep: BoolArray, iv: FloatArray) -> _Smile:
        return _Smile(
            self.row[keep], self.curve[keep], self.is_call[keep], self.log_moneyness[keep],
            self.years[keep], self.forward[keep], self.strike[keep], iv[keep],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """Points read from one smile: sigma (curves, points) and the two rows behind each."""

    sigma: FloatArray
    rows: IntArray


def read_vol_points(quotes: QuoteTable, forwards: Forwards, rate: float) -> VolPoints:
    """Return the vol points of every curve, with bid and ask vols beside the mid."""
    curve_count = len(quotes.curves)
    otm = _out_of_the_money(quotes, forwards)
    quoted = otm.where(quotes.usable[otm.row], otm.iv)
    bid_iv, mid_iv, ask_iv = _solve(quotes, quoted, rate)
    mid = _read(quoted.where(np.isfinite(mid_iv), mid_iv), curve_count)
    bid = _read(quoted.where(np.isfinite(bid_iv), bid_iv), curve_count)
    ask = _read(quoted.where(np.isfinite(ask_iv), ask_iv), curve_count)
    mid, from_vendor = _fill_from_vendor(mid, otm, curve_count)
    without_quotes = from_vendor | np.isnan(mid.sigma)
    return VolPoints(
        mid=mid.sigma,
        bid=np.where(without_quotes, np.nan, bid.sigma),
        ask=np.where(without_quotes, np.nan, ask.sigma),
        rows=mid.rows,
        flags=_flags(mid, from_vendor, quotes, forwards),
    )


def _out_of_the_money(quotes: QuoteTable, forwards: Forwards) -> _Smile:
    """All rows on the out-of-the-money side, with the vendor's vols; none where quotes imply no forward above 0."""
    contracts = quotes.contracts
    forward = forwards.price[quotes.curve]
    otm = contracts.is_call == (contracts.strike >= forward)
    row = np.flatnonzero(otm & (forward > 0.0) & (forward < np.inf))
    curve, strike = quotes.curve[row], contracts.strike[row]
    return _Smile(
        row=row,
        curve=curve,
        is_call=contracts.is_call[row],
        log_moneyness=np.log(strike) - np.log(forward[row]),
        years=quotes.curves.years[curve],
        forward=forward[row],
        strike=strike,
        iv=contracts.iv[row],
    )


def _solve(quotes: QuoteTable, smile: _Smile, rate: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    contracts = quotes.contracts
    solved = [
        black76.implied_vols(price[smile.row], smile.is_call, smile.forward, smile.strike, smile.years, rate)
        for price in (contracts.bid, quotes.mid, contracts.ask)
    ]
    return solved[0], solved[1], solved[2]


@dataclass(frozen=True, slots=True, eq=False)
class _Brackets:
    """Per curve two places in a smile (``NO_ROW``: none) and the weight of the right one."""

    left: IntArray
    right: IntArray
    share: FloatArray

    def mix(self, values: FloatArray) -> FloatArray:
        """Interpolate ``values``, of length of the smile; NaN where there is no bracket."""
        mixed = np.full(len(self.left), np.nan)
        found = np.flatnonzero(self.left != NO_ROW)
        low, high = values[self.left[found]], values[self.right[found]]
        mixed[found] = low + (high - low) * self.share[found]
        return mixed


def _read(smile: _Smile, curve_count: int) -> _Reading:
    puts, calls = np.flatnonzero(~smile.is_call), np.flatnonzero(smile.is_call)
    distance = black76.absolute_deltas(smile.is_call, smile.forward, smile.strike, smile.years, smile.iv)
    distance -= TARGET_DELTA
    money = _at_the_money(smile, puts, calls, curve_count)
    put = _around_target(smile, puts, distance, _last_of_each, curve_count)
    call = _around_target(smile, calls, distance, _first_of_each, curve_count)
    return _Reading(
        sigma=np.stack([_mix_variances(smile, money), put.mix(smile.iv), call.mix(smile.iv)], axis=1),
        rows=np.stack([_rows(smile, brackets) for brackets in (money, put, call)], axis=1),
    )


def _rows(smile: _Smile, brackets: _Brackets) -> IntArray:
    rows = np.append(smile.row, NO_ROW)
    return np.stack([rows[brackets.left], rows[brackets.right]], axis=1)


def _mix_variances(smile: _Smile, brackets: _Brackets) -> FloatArray:
    """Mix linearly in total variance; both strikes share their expiry, so the years cancel."""
    one_strike = brackets.left == brackets.right
    return np.where(one_strike, brackets.mix(smile.iv), np.sqrt(brackets.mix(smile.iv**2)))


def _at_the_money(smile: _Smile, puts: IntArray, calls: IntArray, curve_count: int) -> _Brackets:
    below = _last_of_each(puts, smile.curve, curve_count)
    above = _first_of_each(calls, smile.curve, curve_count)
    left = np.where(below == NO_ROW, above, below)
    right = np.where(above == NO_ROW, below, above)
    log_moneyness = np.append(smile.log_moneyness, np.nan)
    span = log_moneyness[right] - log_moneyness[left]
    share = np.divide(-log_moneyness[left], span, out=np.zeros(curve_count), where=span > 0.0)
    return _Brackets(left, right, share)


def _around_target(
    smile: _Smile, side: IntArray, distance: FloatArray, nearest: _Picker, curve_count: int
) -> _Brackets:
    """Find the adjacent strikes nearest to the money between which |delta| passes the target."""
    here, following = side[:-1], side[1:]
    passes = (smile.curve[here] == smile.curve[following]) & (distance[here] * distance[following] <= 0.0)
    left = nearest(here[passes], smile.curve, curve_count)
    next_on_side = np.full(len(smile.row) + 1, NO_ROW, dtype=np.int64)
    next_on_side[here] = following
    right = next_on_side[left]
    padded = np.append(distance, np.nan)
    low, high = padded[left], padded[right]
    share = np.divide(low, low - high, out=np.zeros(curve_count), where=(left != NO_ROW) & (low != high))
    return _Brackets(left, right, share)


def _last_of_each(places: IntArray, curve: IntArray, curve_count: int) -> IntArray:
    last = np.full(curve_count, NO_ROW, dtype=np.int64)
    last[curve[places]] = places  # of repeated indices NumPy keeps the last
    return last


def _first_of_each(places: IntArray, curve: IntArray, curve_count: int) -> IntArray:
    return _last_of_each(places[::-1], curve, curve_count)


def _fill_from_vendor(mid: _Reading, otm: _Smile, curve_count: int) -> tuple[_Reading, BoolArray]:
    missing: BoolArray = np.isnan(mid.sigma)
    incomplete: BoolArray = np.logical_or.reduce(missing, axis=1)
    wanted = incomplete[otm.curve] & (otm.iv > 0.0) & (otm.iv < black76.HIGHEST_VOL)
    if not wanted.any():
        return mid, np.zeros(mid.sigma.shape, dtype=np.bool_)
    vendor = _read(otm.where(wanted, otm.iv), curve_count)
    filled: BoolArray = np.logical_and(missing, np.isfinite(vendor.sigma))
    sigma = np.where(filled, vendor.sigma, mid.sigma)
    rows = np.where(filled[:, :, np.newaxis], vendor.rows, mid.rows)
    return _Reading(sigma, rows), filled


def _flags(mid: _Reading, from_vendor: BoolArray, quotes: QuoteTable, forwards: Forwards) -> IntArray:
    made = np.isfinite(mid.sigma)
    at_the_money = np.arange(len(VOL_POINTS)) == 0
    single = made & at_the_money & np.equal(mid.rows[:, :, 0], mid.rows[:, :, 1])
    duplicate = made & (np.any(quotes.duplicate[mid.rows], axis=2) | forwards.duplicate[:, np.newaxis])
    from_spot: IntArray = np.where(forwards.from_spot, bit(Flag.FORWARD_FROM_SPOT), 0)
    flags: IntArray = np.where(single, bit(Flag.SINGLE_STRIKE), 0)
    flags |= np.where(from_vendor, bit(Flag.VENDOR_IV), 0)
    flags |= np.where(duplicate, bit(Flag.DUPLICATE_CONTRACT), 0)
    return flags | from_spot[:, np.newaxis]
