"""How much return for how much risk, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import e, nan, sqrt
from statistics import NormalDist

import numpy as np

from forward_factor.core.arrays import FloatArray

FEWEST_RETURNS = 20
EULER_MASCHERONI = 0.5772156649015329
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Sharpe:
    """A Sharpe ratio a year, with what says how far to trust it.

    Attributes:
        standard_error: of ``value``, a year (Mertens 2002; Lo 2002 for normal returns).
        corrected: ``value`` annualised for first-order autocorrelation (Lo 2002).
        a_row: the ratio of one row's mean to its deviation.
        skewness, kurtosis: of the returns; a normal distribution has 0 and 3.
        observations: number of returns.

    """

    value: float
    standard_error: float
    corrected: float
    a_row: float
    autocorrelation: float
    skewness: float
    kurtosis: float
    observations: int


def sharpe_of(returns: FloatArray, rows_a_year: float) -> Sharpe | None:
    """Return the Sharpe ratio of returns a row, None where there are too few or they don't vary."""
    count = len(returns)
    if count < FEWEST_RETURNS or not np.ptp(returns) > 0.0 or not rows_a_year > 0.0:
        return None
    centred = returns - returns.mean()
    deviation = float(np.sqrt((centred**2).mean()))
    a_row = float(returns.mean() / returns.std(ddof=1))
    skewness = float((centred**3).mean() / deviation**3)
    kurtosis = float((centred**4).mean() / deviation**4)
    autocorrelation = float((centred[1:] * centred[:-1]).sum() / (centred**2).sum())
    spread = _estimation_variance(a_row, skewness, kurtosis) / (count - 1)
    return Sharpe(
        value=a_row * sqrt(rows_a_year),
        standard_error=sqrt(spread * rows_a_year),
        corrected=a_row * _years_factor(rows_a_year, autocorrelation),
        a_row=a_row,
        autocorrelation=autocorrelation,
        skewness=skewness,
        kurtosis=kurtosis,
        observations=count,
    )


def deflated_sharpe(sharpe: Sharpe, trials_a_row: Sequence[float], trial_count: int) -> float:
    """Return the probability that a Sharpe ratio is above what the best of so many worthless trials shows.

    Bailey & Lopez de Prado, The Deflated Sharpe Ratio (2014).

    Args:
        sharpe: the one that was picked.
        trials_a_row: the Sharpe ratios of the trials, a row.
        trial_count: how many were tried, those without a ratio included.

    """
    best = expected_best(trials_a_row, trial_count)
    spread = _estimation_variance(sharpe.a_row, sharpe.skewness, sharpe.kurtosis)
    return _NORMAL.cdf((sharpe.a_row - best) * sqrt(sharpe.observations - 1) / sqrt(spread))


def expected_best(trials_a_row: Sequence[float], trial_count: int) -> float:
    """Return the Sharpe ratio a row that the best of ``trial_count`` worthless trials is expected to show."""
    if trial_count < 2 or len(trials_a_row) < 2:
        return 0.0
    variance = float(np.var(np.array(trials_a_row), ddof=1))
    first, second = _NORMAL.inv_cdf(1.0 - 1.0 / trial_count), _NORMAL.inv_cdf(1.0 - 1.0 / (trial_count * e))
    return sqrt(variance) * ((1.0 - EULER_MASCHERONI) * first + EULER_MASCHERONI * second)


def _estimation_variance(a_row: float, skewness: float, kurtosis: float) -> float:
    return 1.0 - skewness * a_row + (kurtosis - 1.0) / 4.0 * a_row**2


def _years_factor(rows_a_year: float, autocorrelation: float) -> float:
    """Return Lo's eta(q) for AR(1) returns; sqrt(q) where they are independent."""
    q, rho = rows_a_year, autocorrelation
    inflation = 1.0 + 2.0 * rho / (1.0 - rho) * (1.0 - (1.0 - rho ** round(q)) / (q * (1.0 - rho)))
    return sqrt(q / inflation) if inflation > 0.0 else nan
