"""The surface by itself: no arbitrage where none is meant, and what earnings and dislocations do to it."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyvolr import black76

from forward_factor.core.arrays import FloatArray
from forward_factor.providers.simulated.surface import (
    atm_total_variance,
    dislocation_at,
    smile_total_variance,
)
from forward_factor.providers.simulated.universe import Profile, listed_tickers, profile_of

TICKERS = st.sampled_from(listed_tickers(140))
LEVELS = st.floats(0.5, 1.85)
DTE = np.arange(1.0, 731.0)
CALM = np.zeros(len(DTE))
STRONGEST = 0.24


def atm_iv(profile: Profile, dislocation: float = 0.0, announced: FloatArray = CALM) -> FloatArray:
    return np.sqrt(atm_total_variance(profile, DTE, 1.0, dislocation, announced) / (DTE / 365.0))


@given(TICKERS, LEVELS)
def test_variance_at_the_money_grows_with_time(ticker: str, level: float) -> None:
    profile = profile_of(7, ticker)
    announced = profile.announcement_move**2 * np.floor(DTE / 91.0)
    assert (np.diff(atm_total_variance(profile, DTE, level, 0.0, announced)) > 0.0).all()


@given(TICKERS, LEVELS)
def test_no_calendar_arbitrage_at_any_strike(ticker: str, level: float) -> None:
    profile = profile_of(7, ticker)
    atm = atm_total_variance(profile, DTE, level, 0.0, CALM)
    for log_moneyness in (-0.8, -0.2, 0.1, 0.6):
        variance = smile_total_variance(profile, atm, np.full(len(atm), log_moneyness))
        assert (np.diff(variance) > 0.0).all()


@given(TICKERS, LEVELS, st.sampled_from([1, 7, 30, 90, 365, 730]), st.floats(0.0, STRONGEST))
def test_no_butterfly_arbitrage(ticker: str, level: float, dte: int, dislocation: float) -> None:
    profile, years = profile_of(7, ticker), dte / 365.0
    atm = atm_total_variance(profile, np.array([float(dte)]), level, dislocation, np.zeros(1))
    reach = 5.0 * float(np.sqrt(atm[0]))
    strike = 100.0 * np.linspace(np.exp(-reach), np.exp(reach), 400)
    variance = smile_total_variance(profile, np.full(400, atm[0]), np.log(strike / 100.0))
    calls = np.asarray(black76.price("c", 100.0, strike, years, 0.0, np.sqrt(variance / years)))
    assert (np.diff(calls) <= 0.0).all()
    assert (np.diff(calls, 2) >= -1e-10).all()


@given(TICKERS)
def test_smile_meets_the_money(ticker: str) -> None:
    atm = np.array([0.001, 0.02, 0.4])
    assert smile_total_variance(profile_of(7, ticker), atm, np.zeros(3)) == pytest.approx(atm, rel=1e-12)


def test_parameters_stay_where_the_smile_is_free_of_arbitrage() -> None:
    profiles = [profile_of(seed, ticker) for seed in (1, 7) for ticker in listed_tickers(400)]
    assert all(profile.smile * (1.0 + abs(profile.skew)) <= 2.0 for profile in profiles)


def test_a_dislocation_lifts_expiries_20_to_45_days_out() -> None:
    profile = profile_of(7, "SPY")
    lift = atm_iv(profile, 0.2) / atm_iv(profile) - 1.0
    assert lift[19:38] == pytest.approx(np.full(19, 0.2))
    assert lift[44] > 0.1
    assert not lift[:8].any()
    assert not lift[57:].any()


@given(TICKERS, LEVELS)
def test_calendar_arbitrage_of_a_dislocation_is_mild(ticker: str, level: float) -> None:
    profile = profile_of(7, ticker)
    variance = atm_total_variance(profile, DTE, level, STRONGEST, CALM)
    assert (variance / np.maximum.accumulate(variance)).min() > 0.92


def test_earnings_lift_every_expiry_behind_them_by_the_same_variance() -> None:
    profile = dataclasses.replace(profile_of(7, "AAPL"), announcement_move=0.05)
    announced = np.where(DTE >= 24.0, 0.05**2, 0.0)
    gain = atm_total_variance(profile, DTE, 1.0, 0.0, announced) - atm_total_variance(profile, DTE, 1.0, 0.0, CALM)
    assert gain == pytest.approx(announced, abs=1e-12)
    bump = atm_iv(profile, announced=announced) / atm_iv(profile)
    assert bump[23] > bump[60] > bump[300] > 1.0


class TestEpisodes:
    @pytest.mark.parametrize("ticker", ["SPY", "AAPL", "MSFT"])
    def test_come_and_go_without_jumps(self, ticker: str) -> None:
        profile = profile_of(7, ticker)
        sizes = np.array([dislocation_at(profile, 500_000.0 + step / 390.0) for step in range(15_000)])
        starts = np.flatnonzero((sizes[:-1] == 0.0) & (sizes[1:] > 0.0))
        assert sizes.max() <= STRONGEST
        assert np.abs(np.diff(sizes)).max() < 0.01
        assert len(starts) >= 2
        assert 0.1 < (sizes > 0.0).mean() < 0.35

    def test_some_last_hours_and_some_days(self) -> None:
        def days(ticker: str) -> float:
            profile = profile_of(7, ticker)
            shown = [dislocation_at(profile, 500_000.0 + step / 50.0) > 0.0 for step in range(5_000)]
            starts = sum(not before and after for before, after in pairwise(shown))
            return sum(shown) / 50.0 / max(starts, 1)

        lengths = [days(ticker) for ticker in ("AAPL", "MSFT", "NVDA", "AMZN")]
        assert min(lengths) < 1.0
        assert max(lengths) > 3.0
