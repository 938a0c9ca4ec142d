"""Black-76 on the forward, through pyvolr (Jäckel's "Let's Be Rational", errors below 1e-11).

Early exercise is ignored: only out-of-the-money options near the forward are solved, where its worth
is small. American puts with high rates or calls before large dividends carry a bias that stays.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from pyvolr import black76

from forward_factor.core.arrays import BoolArray, FloatArray

HIGHEST_VOL = 50.0
"""A price that needs 5,000 % is a wrong price; and pyvolr 0.1.7 answers 4e307 for 1e-15 exactly at the money."""


def implied_vols(
    price: FloatArray,
    is_call: BoolArray,
    forward: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    rate: float,
) -> FloatArray:
    """Return the annualised vol at which Black-76, discounted at ``rate``, gives ``price``.

    Prices, forward and strike in dollars; all of one shape. NaN where no vol below ``HIGHEST_VOL`` can
    give the price.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        solved = black76.implied_vol(
            price, _signs(is_call), forward, strike, years, np.full(price.shape, rate), on_error="ignore"
        )
    iv = cast("FloatArray", solved)
    return np.where((iv > 0.0) & (iv < HIGHEST_VOL), iv, np.nan)


def absolute_deltas(
    is_call: BoolArray, forward: FloatArray, strike: FloatArray, years: FloatArray, iv: FloatArray
) -> FloatArray:
    """Return |delta| on the forward: N(d1) of calls, 1 - N(d1) of puts (not discounted)."""
    undiscounted = np.zeros(iv.shape)
    return np.abs(cast("FloatArray", black76.delta(_signs(is_call), forward, strike, years, undiscounted, iv)))


def prices(
    is_call: BoolArray,
    forward: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    iv: FloatArray,
    rate: float,
) -> FloatArray:
    """Return discounted Black-76 prices in dollars."""
    return cast("FloatArray", black76.price(_signs(is_call), forward, strike, years, np.full(iv.shape, rate), iv))


def _signs(is_call: BoolArray) -> np.ndarray:
    return np.where(is_call, 1, -1).astype(np.int8)
