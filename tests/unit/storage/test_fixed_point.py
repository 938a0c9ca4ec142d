"""Decimals as integers: exact both ways, whatever a vendor sends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.storage.fixed_point import FLOAT_BITS, from_fixed_point, to_fixed_point

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=False, width=64)
CENTS = st.integers(-(10**9), 10**9).map(lambda cents: cents / 100)


def round_trip(values: np.ndarray, digits: int) -> tuple[np.ndarray, int]:
    (fixed,) = to_fixed_point([values], digits)
    return from_fixed_point(fixed.integers, fixed.missing, fixed.digits), fixed.digits


@given(st.lists(ANY_FLOAT, max_size=20))
def test_any_floats_come_back_to_the_bit(values: list[float]) -> None:
    column = np.array(values, dtype=np.float64) + 0.0
    again, _ = round_trip(column, 2)
    assert np.array_equal(again, column, equal_nan=True)


@given(st.lists(CENTS, max_size=20))
def test_cents_take_two_digits(values: list[float]) -> None:
    column = np.array(values, dtype=np.float64)
    again, digits = round_trip(column, 2)
    assert digits == 2
    assert np.array_equal(again, column)


@pytest.mark.parametrize(("value", "digits"), [(0.005, 3), (1.23456, 5), (1 / 3, FLOAT_BITS), (1e300, FLOAT_BITS)])
def test_scale_grows_only_as_far_as_it_must(value: float, digits: int) -> None:
    assert round_trip(np.array([1.25, value, np.nan]), 2)[1] == digits


def test_columns_of_one_scale_share_it() -> None:
    bid, ask = to_fixed_point([np.array([1.0]), np.array([1.005])], 2)
    assert (bid.digits, ask.digits) == (3, 3)
    assert bid.integers.tolist() == [1000]
