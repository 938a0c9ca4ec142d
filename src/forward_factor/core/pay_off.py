"""What calendars are worth when their front expires: the front its intrinsic value, the back what Black-76 says.

The back's forward at that time is taken to stand to the spot as the back's forward stands to the front's today, so the
carry and dividends between the two expiries are those the chain implies.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np

from forward_factor.core import black76
from forward_factor.core.arrays import BoolArray, FloatArray

GRID_POINTS = 241
WIDTH_IN_DEVIATIONS = 3.0
NARROWEST, WIDEST = 0.08, 1.5
"""Bounds of the half width of the grid, in log spot."""


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """Calendars that are held together until their front expires, one contract each.

    Attributes:
        strike: dollars, one entry a calendar.
        is_call: right of each; else put.
        debit: what was paid for all of them, dollars a share.
        carry: the back's forward over the front's.
        years_left: from the front expiry to the back's.
        rate: continuously compounded, decimal, a year.

    """

    strike: FloatArray
    is_call: BoolArray
    debit: float
    carry: float
    years_left: float
    rate: float


def profits(held: Holding, spot: FloatArray, back_iv: float) -> FloatArray:
    """Return what is made at front expiry, dollars a share, one entry a spot.

    ``sum(back(spot * carry, strike, years_left, back_iv) - intrinsic(spot, strike)) - debit``, over the calendars.

    Args:
        held: the calendars.
        spot: prices of the underlying at that time, dollars, above 0.
        back_iv: annualised vol of the back at that time, decimal, above 0.

    """
    count = len(held.strike)
    at, strike = np.repeat(spot, count), np.tile(held.strike, len(spot))
    is_call = np.tile(held.is_call, len(spot))
    years, iv = np.full(at.size, held.years_left), np.full(at.size, back_iv)
    back = black76.prices(is_call, at * held.carry, strike, years, iv, held.rate)
    intrinsic = np.maximum(np.where(is_call, at - strike, strike - at), 0.0)
    made: FloatArray = (back - intrinsic).reshape(len(spot), count).sum(axis=1) - held.debit
    return made


def spots_around(spot: float, front_iv: float, years: float, strike: FloatArray) -> FloatArray:
    """Return spots to look at: three deviations of the front either side of ``spot``, and the strikes, ascending.

    Args:
        spot: dollars, now.
        front_iv: annualised, decimal.
        years: to the front expiry.
        strike: dollars; a pay-off has its peaks there.

    """
    farthest = float(np.max(np.abs(np.log(strike / spot)))) * 1.5
    width = min(max(WIDTH_IN_DEVIATIONS * front_iv * sqrt(years), farthest, NARROWEST), WIDEST)
    around = np.geomspace(spot * exp(-width), spot * exp(width), GRID_POINTS)
    return np.unique(np.concatenate([around, strike]))


def breakevens(spot: FloatArray, profit: FloatArray) -> tuple[float, ...]:
    """Return the spots between which a profit becomes a loss or the reverse, linear between its neighbours."""
    crosses = np.flatnonzero((profit[:-1] < 0.0) != (profit[1:] < 0.0))
    low, high = profit[crosses], profit[crosses + 1]
    share = low / (low - high)
    return tuple((spot[crosses] + (spot[crosses + 1] - spot[crosses]) * share).tolist())
