"""Vols at fixed distances in time, so that one day's curve can be laid beside another's."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.core.standing import constant_maturity_iv

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
    return [_vol_at(known, target) for target in targets]


def _vol_at(known: Sequence[tuple[int, float]], target: int) -> float | None:
    near = next((one for one in reversed(known) if one[0] <= target), None)
    far = next((one for one in known if one[0] >= target), None)
    return constant_maturity_iv(*near, *far, target) if near and far else None
