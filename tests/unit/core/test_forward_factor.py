"""Forward variance, forward vol and forward factor."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.forward_factor import ForwardFactors, forward_factors
from tests.chains import priced_chain
from tests.unit.core.small_chains import scan_one

VOLS = st.floats(0.05, 3.0)
DAYS = st.integers(1, 400)


def factors(front_iv: float, front_years: float, back_iv: float, back_years: float) -> ForwardFactors:
    return forward_factors(*(np.array([value]) for value in (front_iv, front_years, back_iv, back_years)))


def ff_of(front_iv: float, front_years: float, back_iv: float, back_years: float) -> float:
    return float(factors(front_iv, front_years, back_iv, back_years).ff[0])


def test_worked_example_of_the_domain() -> None:
    found = factors(0.45, 30 / 365, 0.35, 60 / 365)
    assert round(float(found.sigma_fwd[0]), 4) == 0.2062
    assert round(float(found.ff[0]), 3) == 1.183
    assert found.variance[0] == pytest.approx(0.0425, abs=1e-15)


@pytest.mark.parametrize(
    ("front", "back", "sigma_fwd", "ff"),
    [
        ((0.45, 30), (0.38, 60), 0.29377, 0.53182),
        ((0.32, 30), (0.36, 60), 0.39598, -0.19188),
        ((0.30, 30), (0.30, 90), 0.30000, 0.00000),
        ((0.40, 60), (0.35, 90), 0.21794, 0.83533),
    ],
)
def test_known_pairs(front: tuple[float, int], back: tuple[float, int], sigma_fwd: float, ff: float) -> None:
    found = factors(front[0], front[1] / 365, back[0], back[1] / 365)
    assert found.sigma_fwd[0] == pytest.approx(sigma_fwd, abs=5e-6)
    assert found.ff[0] == pytest.approx(ff, abs=5e-6)


def test_negative_forward_variance_stays_negative_and_gives_no_factor() -> None:
    found = factors(0.45, 30 / 365, 0.30, 60 / 365)
    assert found.variance[0] == pytest.approx(2 * 0.09 - 0.2025)
    assert np.isnan(found.sigma_fwd[0])
    assert np.isnan(found.ff[0])


def test_zero_forward_variance_gives_no_factor() -> None:
    found = factors(0.5, 0.25, 0.25, 1.0)
    assert found.variance[0] == 0.0
    assert np.isnan(found.sigma_fwd[0])
    assert np.isnan(found.ff[0])


@pytest.mark.parametrize("missing", range(4))
def test_missing_in_missing_out(missing: int) -> None:
    numbers = [0.45, 30 / 365, 0.35, 60 / 365]
    numbers[missing] = nan
    found = factors(*numbers)
    assert np.isnan([found.variance[0], found.sigma_fwd[0], found.ff[0]]).all()


def test_pairs_do_not_mix() -> None:
    fronts, backs = np.array([0.45, nan, 0.45]), np.array([0.35, 0.35, 0.30])
    found = forward_factors(fronts, np.full(3, 30 / 365), backs, np.full(3, 60 / 365))
    assert found.ff[0] == ff_of(0.45, 30 / 365, 0.35, 60 / 365)
    assert np.isnan(found.ff[1:]).all()


@given(VOLS, VOLS, DAYS, DAYS)
def test_variance_adds_up(front_iv: float, back_iv: float, front: int, gap: int) -> None:
    first, second = front / 365, (front + gap) / 365
    variance = float(factors(front_iv, first, back_iv, second).variance[0])
    assert front_iv**2 * first + variance * (second - first) == pytest.approx(back_iv**2 * second, rel=1e-9)


@given(VOLS, VOLS, DAYS, DAYS)
def test_positive_exactly_where_the_front_is_dear(front_iv: float, back_iv: float, front: int, gap: int) -> None:
    found = factors(front_iv, front / 365, back_iv, (front + gap) / 365)
    if np.isfinite(found.ff[0]) and abs(front_iv - back_iv) > 1e-9:
        assert (found.ff[0] > 0) == (front_iv > back_iv)


@given(VOLS, VOLS, DAYS, DAYS, st.floats(0.1, 10.0))
def test_factor_has_no_unit(front_iv: float, back_iv: float, front: int, gap: int, scale: float) -> None:
    first, second = front / 365, (front + gap) / 365
    plain = factors(front_iv, first, back_iv, second)
    if abs(plain.variance[0]) < 1e-4:
        return
    assert ff_of(front_iv * scale, first, back_iv * scale, second) == pytest.approx(plain.ff[0], rel=1e-6, nan_ok=True)
    assert ff_of(front_iv, first * scale, back_iv, second * scale) == pytest.approx(plain.ff[0], rel=1e-6, nan_ok=True)


@given(VOLS, VOLS, DAYS, DAYS, st.floats(0.001, 0.02), st.floats(0.001, 0.02))
def test_factor_lies_between_low_and_high(
    front_iv: float, back_iv: float, front: int, gap: int, front_half: float, back_half: float
) -> None:
    first, second = front / 365, (front + gap) / 365
    middle = ff_of(front_iv, first, back_iv, second)
    low = ff_of(front_iv - front_half, first, back_iv + back_half, second)
    high = ff_of(front_iv + front_half, first, back_iv - back_half, second)
    if not np.isnan([low, middle, high]).any():
        assert low <= middle <= high


@pytest.mark.parametrize("half_spread", [0.0, 0.01, 0.03])
def test_flat_chain_has_the_worked_factor_exactly(half_spread: float) -> None:
    found = scan_one(priced_chain({30: 0.45, 60: 0.35}, half_spread=half_spread)).candidates
    assert found.ff[0] == pytest.approx(0.45 / sqrt(0.0425) - 1, abs=1e-9)
    assert round(float(found.ff[0]), 3) == 1.183
    assert found.ff_low[0] <= found.ff[0] <= found.ff_high[0]


def test_low_takes_the_fronts_bid_and_the_backs_ask() -> None:
    batch = scan_one(priced_chain({30: 0.45, 60: 0.38}, half_spread=0.03))
    points, found = batch.structures.points, batch.candidates
    (front_bid, back_bid), (front_ask, back_ask) = points.bid[:, 0], points.ask[:, 0]
    assert found.ff_low[0] == ff_of(front_bid, 30 / 365, back_ask, 60 / 365)
    assert found.ff_high[0] == ff_of(front_ask, 30 / 365, back_bid, 60 / 365)
    assert found.ff_low[0] < found.ff[0] < found.ff_high[0]


def test_undefined_high_is_missing_beside_a_defined_factor() -> None:
    found = scan_one(priced_chain({30: 0.45, 60: 0.33}, half_spread=0.04)).candidates
    assert found.ff_low[0] < found.ff[0]
    assert np.isnan(found.ff_high[0])
