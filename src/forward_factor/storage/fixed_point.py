"""Decimal numbers as integers: exact, so that a replay sees the very same floats, and small once compressed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_factor.core.arrays import BoolArray, FloatArray, IntArray

MOST_DIGITS = 15
FLOAT_BITS = -1
"""The scale of columns that no decimal of 15 digits can hold: the integers are float64 bit patterns."""
_LARGEST_EXACT = float(2**53)


@dataclass(frozen=True, slots=True, eq=False)
class FixedPoint:
    """Integers that stand for decimals.

    Attributes:
        digits: digits after the point (``value = integer / 10^digits``), or ``FLOAT_BITS``.
        integers: 0 where missing.
        missing: where the float was NaN.

    """

    digits: int
    integers: IntArray
    missing: BoolArray


def to_fixed_point(columns: list[FloatArray], digits: int) -> tuple[FixedPoint, ...]:
    """Return ``columns`` under one common scale: ``digits``, or as many more as it takes to be exact."""
    present = [column[~np.isnan(column)] for column in columns]
    scale = _smallest_scale(np.concatenate(present), digits)
    return tuple(_encode(column, scale) for column in columns)


def from_fixed_point(integers: IntArray, missing: BoolArray, digits: int) -> FloatArray:
    """Return the floats that were given to ``to_fixed_point``, to the last bit."""
    values = integers.view(np.float64) if digits == FLOAT_BITS else integers / 10.0**digits
    return np.where(missing, np.nan, values)


def _smallest_scale(values: FloatArray, digits: int) -> int:
    for scale in range(digits, MOST_DIGITS + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.rint(values * 10.0**scale)
        if np.all(np.abs(scaled) < _LARGEST_EXACT) and np.array_equal(scaled / 10.0**scale, values):
            return scale
    return FLOAT_BITS


def _encode(column: FloatArray, scale: int) -> FixedPoint:
    missing = np.isnan(column)
    known = np.where(missing, 0.0, column)
    if scale == FLOAT_BITS:
        return FixedPoint(scale, known.view(np.int64), missing)
    return FixedPoint(scale, np.rint(known * 10.0**scale).astype(np.int64), missing)
