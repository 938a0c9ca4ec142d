"""Black-76 against formulas written here with SciPy."""

from __future__ import annotations

from math import exp, inf, log, nan, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from forward_factor.core import black76
from forward_factor.core.arrays import FloatArray

RATE = 0.04
FORWARDS = st.floats(5.0, 5000.0)
MONEYNESS = st.floats(-0.5, 0.5)
DAYS = st.integers(1, 400)
VOLS = st.floats(0.05, 3.0)


def one(value: float) -> FloatArray:
    return np.array([value], dtype=np.float64)


def price(is_call: bool, forward: float, strike: float, years: float, iv: float, rate: float = RATE) -> float:
    return float(black76.prices(np.array([is_call]), one(forward), one(strike), one(years), one(iv), rate)[0])


def vol(value: float, is_call: bool, forward: float, strike: float, years: float) -> float:
    side = np.array([is_call])
    return float(black76.implied_vols(one(value), side, one(forward), one(strike), one(years), RATE)[0])


def delta(is_call: bool, forward: float, strike: float, years: float, iv: float) -> float:
    return float(black76.absolute_deltas(np.array([is_call]), one(forward), one(strike), one(years), one(iv))[0])


def d_one(forward: float, strike: float, years: float, iv: float) -> float:
    return log(forward / strike) / (iv * sqrt(years)) + iv * sqrt(years) / 2


def textbook_price(is_call: bool, forward: float, strike: float, years: float, iv: float) -> float:
    sign = 1 if is_call else -1
    d1 = d_one(forward, strike, years, iv)
    d2 = d1 - iv * sqrt(years)
    return float(exp(-RATE * years) * sign * (forward * norm.cdf(sign * d1) - strike * norm.cdf(sign * d2)))


def test_textbook_numbers() -> None:
    # 100 * (2 N(0.1) - 1), N(0.1) = 0.539827837277029
    assert price(True, 100.0, 100.0, 1.0, 0.2, rate=0.0) == pytest.approx(7.9655674554058, abs=1e-12)
    assert delta(True, 100.0, 100.0, 1.0, 0.2) == pytest.approx(0.539827837277029, abs=1e-14)
    assert delta(False, 100.0, 100.0, 1.0, 0.2) == pytest.approx(0.460172162722971, abs=1e-14)


@given(st.booleans(), FORWARDS, MONEYNESS, DAYS, VOLS)
def test_prices_are_the_textbooks(is_call: bool, forward: float, moneyness: float, days: int, iv: float) -> None:
    strike, years = forward * exp(moneyness), days / 365
    expected = textbook_price(is_call, forward, strike, years, iv)
    assert price(is_call, forward, strike, years, iv) == pytest.approx(expected, rel=1e-9, abs=1e-12 * forward)


@given(st.booleans(), FORWARDS, MONEYNESS, DAYS, VOLS)
def test_deltas_are_the_textbooks_undiscounted(
    is_call: bool, forward: float, moneyness: float, days: int, iv: float
) -> None:
    strike, years = forward * exp(moneyness), days / 365
    n_d1 = norm.cdf(d_one(forward, strike, years, iv))
    expected = n_d1 if is_call else 1 - n_d1
    assert delta(is_call, forward, strike, years, iv) == pytest.approx(expected, abs=1e-13)


@given(FORWARDS, MONEYNESS, DAYS, VOLS)
def test_vol_comes_back_from_its_price(forward: float, moneyness: float, days: int, iv: float) -> None:
    strike, years = forward * exp(moneyness), days / 365
    is_call = strike >= forward
    value = price(is_call, forward, strike, years, iv)
    assume(value > 1e-6 * forward)
    assert vol(value, is_call, forward, strike, years) == pytest.approx(iv, abs=1e-9)


@settings(max_examples=40)
@given(FORWARDS, MONEYNESS, DAYS, st.floats(0.001, 0.3))
def test_vols_are_brents(forward: float, moneyness: float, days: int, share: float) -> None:
    strike, years, value = forward * exp(moneyness), days / 365, share * forward
    is_call = strike >= forward
    assume(value < 0.9 * exp(-RATE * years) * (forward if is_call else strike))
    expected = brentq(lambda iv: textbook_price(is_call, forward, strike, years, iv) - value, 1e-6, 100, xtol=1e-14)
    assume(expected < black76.HIGHEST_VOL)
    assert vol(value, is_call, forward, strike, years) == pytest.approx(expected, rel=1e-9)


@given(FORWARDS, MONEYNESS, DAYS, VOLS)
def test_put_call_parity(forward: float, moneyness: float, days: int, iv: float) -> None:
    strike, years = forward * exp(moneyness), days / 365
    call, put = (price(is_call, forward, strike, years, iv) for is_call in (True, False))
    assert call - put == pytest.approx(exp(-RATE * years) * (forward - strike), abs=1e-10 * forward)
    deltas = [delta(is_call, forward, strike, years, iv) for is_call in (True, False)]
    assert sum(deltas) == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("value", [0.0, -1.0, nan, inf, -inf, 1e308])
@pytest.mark.parametrize("is_call", [True, False])
def test_no_vol_for_no_price(value: float, is_call: bool) -> None:
    assert np.isnan(vol(value, is_call, 100.0, 105.0 if is_call else 95.0, 0.1))


def test_no_vol_at_or_beyond_the_bounds() -> None:
    discount = exp(-RATE * 0.1)
    assert np.isnan(vol(100.0 * discount, True, 100.0, 105.0, 0.1))
    assert np.isnan(vol(95.0 * discount, False, 100.0, 95.0, 0.1))
    assert np.isnan(vol(5.0 * discount - 1e-9, False, 100.0, 105.0, 0.1))


def test_vols_nobody_can_mean_are_missing() -> None:
    years = 30 / 365
    assert np.isnan(vol(1e-16, True, 100.0, 100.0, years))
    assert np.isnan(vol(price(True, 100.0, 105.0, 1 / 365, 55.0), True, 100.0, 105.0, 1 / 365))
    assert vol(price(True, 100.0, 105.0, 1 / 365, 45.0), True, 100.0, 105.0, 1 / 365) == pytest.approx(45.0)


def test_each_entry_stands_alone() -> None:
    values, strikes = np.array([2.0, nan, 3.0, -1.0, 2.0]), np.array([105.0, 105.0, 95.0, 95.0, 105.0])
    found = black76.implied_vols(values, strikes > 100, np.full(5, 100.0), strikes, np.full(5, 0.1), RATE)
    assert np.isnan(found).tolist() == [False, True, False, True, False]
    assert found[0] == found[4] == vol(2.0, True, 100.0, 105.0, 0.1)
    assert found[2] == vol(3.0, False, 100.0, 95.0, 0.1)
