"""Statistics against numbers known from elsewhere."""

from __future__ import annotations

from datetime import date, timedelta
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from forward_factor.backtest.intervals import Z_95, bootstrap_mean, wilson
from forward_factor.backtest.metrics import curve_figures
from forward_factor.backtest.sharpe import Sharpe, deflated_sharpe, expected_best, sharpe_of

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(366)]


def sharpe_with(a_row: float, skewness: float, kurtosis: float, observations: int) -> Sharpe:
    return Sharpe(a_row * sqrt(250), 0.0, 0.0, a_row, 0.0, skewness, kurtosis, observations)


class TestSharpe:
    def test_against_plain_formulas(self) -> None:
        returns = np.random.default_rng(1).standard_t(5, 500) / 100 + 0.001
        found = sharpe_of(returns, 252)
        assert found is not None
        assert found.value == pytest.approx(returns.mean() / returns.std(ddof=1) * sqrt(252))
        assert found.skewness == pytest.approx(stats.skew(returns))
        assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))
        assert found.autocorrelation == pytest.approx(np.corrcoef(returns[1:], returns[:-1])[0, 1], abs=0.01)

    def test_the_error_is_lo_s_for_normal_returns(self) -> None:
        """Lo (2002): sqrt((1 + SR^2 / 2) / T); 0.158 for a ratio of 1 and 60 observations, hit by simulation too."""
        chance = np.random.default_rng(2)
        found = [sharpe_of(chance.normal(1.0, 1.0, 61), 1.0) for _ in range(4_000)]
        values = [one.value for one in found if one is not None]
        errors = [one.standard_error for one in found if one is not None]
        assert np.mean(errors) == pytest.approx(0.158, abs=0.006)
        assert np.std(values) == pytest.approx(np.mean(errors), rel=0.05)

    @pytest.mark.parametrize("rho", [-0.3, 0.0, 0.2, 0.6])
    def test_the_correction_is_lo_s_sum_for_ar_1(self, rho: float) -> None:
        chance, returns = np.random.default_rng(3), [0.0]
        for noise in chance.normal(0.02, 1.0, 4_000):
            returns.append(rho * returns[-1] + noise)
        found = sharpe_of(np.array(returns), 12)
        assert found is not None
        own = found.autocorrelation
        assert own == pytest.approx(rho, abs=0.05)
        inflation = 12 + 2 * sum((12 - lag) * own**lag for lag in range(1, 12))
        assert found.corrected == pytest.approx(found.a_row * 12 / sqrt(inflation), rel=1e-9)

    def test_too_little_to_say(self) -> None:
        assert sharpe_of(np.ones(100), 252) is None
        assert sharpe_of(np.arange(19.0), 252) is None

    def test_the_paper_s_deflated_sharpe(self) -> None:
        """Bailey & Lopez de Prado (2014): 2.5 a year, 1,250 days, 100 trials of variance 1/2, skew -3, kurtosis 10."""
        apart = sqrt(0.5 / 250 / 2)
        trials = [-apart, apart]
        assert expected_best(trials, 100) == pytest.approx(0.1132, abs=5e-5)
        picked = sharpe_with(2.5 / sqrt(250), -3.0, 10.0, 1_250)
        assert deflated_sharpe(picked, trials, 100) == pytest.approx(0.9004, abs=5e-5)

    def test_a_single_trial_is_not_deflated(self) -> None:
        assert expected_best([0.1], 1) == 0.0
        assert deflated_sharpe(sharpe_with(0.1, 0.0, 3.0, 101), [0.1], 1) == pytest.approx(
            stats.norm.cdf(0.1 * 10 / sqrt(1.005))
        )


class TestIntervals:
    def test_wilson(self) -> None:
        found = wilson(8, 10)
        known = stats.binomtest(8, 10).proportion_ci(method="wilson")
        assert found is not None
        assert (found.value, found.low, found.high) == pytest.approx((0.8, known.low, known.high))
        assert wilson(0, 0) is None
        none = wilson(0, 5)
        assert none is not None
        assert (none.value, none.low) == (0.0, 0.0)
        assert none.high == pytest.approx(Z_95**2 / (5 + Z_95**2))

    def test_the_bootstrap_covers_as_often_as_it_says(self) -> None:
        chance = np.random.default_rng(5)
        covered = 0
        for seed in range(60):
            found = bootstrap_mean([[one] for one in chance.normal(1.0, 2.0, 60)], seed)
            assert found is not None
            covered += found.low <= 1.0 <= found.high
        assert covered >= 50

    def test_the_same_seed_gives_the_same_interval(self) -> None:
        groups = np.random.default_rng(4).normal(size=(50, 2)).tolist()
        assert bootstrap_mean(groups, 7) == bootstrap_mean(groups, 7)
        assert bootstrap_mean(groups, 7) != bootstrap_mean(groups, 8)
        assert bootstrap_mean([], 7) is None

    def test_what_belongs_together_is_drawn_together(self) -> None:
        alike = bootstrap_mean([[value] * 20 for value in (-1.0, 0.0, 1.0, 2.0)], 1)
        apart = bootstrap_mean([[value] for value in (-1.0, 0.0, 1.0, 2.0) for _ in range(20)], 1)
        assert alike is not None
        assert apart is not None
        assert alike.high - alike.low > 2 * (apart.high - apart.low)


class TestCurve:
    def test_a_year(self) -> None:
        equity = 100_000 * 1.10 ** (np.arange(366) / 365)
        found = curve_figures(DAYS, equity, 100_000.0)
        assert found.profit == pytest.approx(10_000.0)
        assert found.cagr == pytest.approx(1.1 ** (365.25 / 365) - 1)
        assert (found.drawdown.dollars, found.drawdown.to_day) == (0.0, None)

    def test_the_drawdown_has_its_days(self) -> None:
        equity = np.array([100.0, 120.0, 130.0, 91.0, 140.0, 120.0])
        found = curve_figures(DAYS[:6], equity, 100.0).drawdown
        assert (found.dollars, found.share) == pytest.approx((39.0, 0.3))
        assert (found.from_day, found.to_day) == (DAYS[2], DAYS[3])

    def test_a_fall_from_the_beginning_counts(self) -> None:
        found = curve_figures(DAYS[:2], np.array([80.0, 90.0]), 100.0).drawdown
        assert (found.dollars, found.share, found.to_day) == (20.0, 0.2, DAYS[0])

    def test_a_month_is_not_made_into_a_year(self) -> None:
        assert curve_figures(DAYS[:30], np.linspace(100, 110, 30), 100.0).cagr is None

    def test_a_lost_bankroll_has_no_growth(self) -> None:
        equity = np.linspace(100.0, -10.0, 366)
        found = curve_figures(DAYS, equity, 100.0)
        assert found.cagr is None
        assert found.drawdown.share == pytest.approx(1.1)

    def test_no_days(self) -> None:
        assert curve_figures([], np.array([]), 100.0).sharpe is None
