from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.constant_maturity import MATURITIES, vols_at


def test_variance_is_mixed_and_nothing_is_made_up_outside() -> None:
    found = vols_at([20, 40], [0.4, 0.3], [10, 20, 30, 40, 50])
    between = math.sqrt((0.4**2 * 20 + 0.3**2 * 40) / 2 / 30)
    assert found == [None, pytest.approx(0.4), pytest.approx(between), pytest.approx(0.3), None]


def test_expiries_without_a_vol_are_passed_over() -> None:
    assert vols_at([20, 30, 40], [0.4, None, 0.4], [30]) == [pytest.approx(0.4)]
    assert vols_at([20], [None], [20]) == [None]
    assert vols_at([], [], MATURITIES) == [None] * len(MATURITIES)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=9, unique=True), st.floats(0.01, 3.0))
def test_a_flat_curve_stays_flat(dtes: list[int], iv: float) -> None:
    for target, found in zip(MATURITIES, vols_at(sorted(dtes), [iv] * len(dtes), MATURITIES), strict=True):
        inside = min(dtes) <= target <= max(dtes)
        assert (found is None) == (not inside)
        assert found is None or found == pytest.approx(iv)
