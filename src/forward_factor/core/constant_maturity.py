"""Vols at fixed distances in time, so that one day's curve can be laid beside another's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MATURITIES = (7, 14, 30, 45, 60, 90, 120)
"""Days that cover what pairs are made of."""


def vols_at(dtes: Sequence[int], ivs: Sequence[float | None], targets: Sequence[int]) -> list[float | None]:
    """Return the vols at ``targets`` days, mixed linearly in total variance between the expiries around each.

    Args:
        dtes: days of the expiries, rising.
        ivs: their vols, decimal; an expiry without one is passed over.
        targets: days asked for; None is returned for one outside the expiries, for nothing is known there.

    """
    known = [(dte, iv) for dte, iv in zip(dtes, ivs, strict=True) if iv is not None and iv > 0.0]
    if not known:
        return [None] * len(targets)
    days = np.array([dte for dte, _ in known], dtype=np.float64)
    variance = np.array([iv * iv * dte for dte, iv in known])
    mixed = np.interp(targets, days, variance, left=np.nan, right=np.nan)
    return [
        None if np.isnan(value) else float(np.sqrt(value / target))
        for value, target in zip(mixed, targets, strict=True)
    ]
