"""The forward factor: how dear the front vol is against the forward vol behind it.

``V = sigma^2 T``, ``V_fwd = (V2 - V1) / (T2 - T1)``, ``sigma_fwd = sqrt(V_fwd)`` and
``FF = (sigma1 - sigma_fwd) / sigma_fwd``. Nothing is clamped: where V_fwd <= 0 there is no forward vol.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_factor.core.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ForwardFactors:
    """Arrays of one shape; NaN where undefined.

    Attributes:
        variance: annualised forward variance, of any sign.
        sigma_fwd: forward vol, decimal; NaN where the variance is not above 0.
        ff: (front vol - sigma_fwd) / sigma_fwd.

    """

    variance: FloatArray
    sigma_fwd: FloatArray
    ff: FloatArray


def forward_factors(
    front_iv: FloatArray, front_years: FloatArray, back_iv: FloatArray, back_years: FloatArray
) -> ForwardFactors:
    """Return forward variance, forward vol and forward factor of pairs of vols (decimal) and times (years)."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        gained = back_iv**2 * back_years - front_iv**2 * front_years
        variance = gained / (back_years - front_years)
        sigma_fwd = np.sqrt(np.where(variance > 0.0, variance, np.nan))
        return ForwardFactors(variance, sigma_fwd, (front_iv - sigma_fwd) / sigma_fwd)
