"""Vols of whole term structures without the jumps of the announcements they span."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forward_factor.core.arrays import DateArray, FloatArray, IntArray
from forward_factor.core.earnings import (
    EarningsEvent,
    announcements_before,
    solve_jump_variance,
    upcoming_dates,
    without_jumps,
)
from forward_factor.core.term_structure import TermStructures

NO_DATE = np.datetime64("NaT", "D")


def strip_earnings(
    structures: TermStructures, earnings: Sequence[tuple[EarningsEvent, ...]], points: IntArray
) -> FloatArray:
    """Return vols of shape (curves, vol points) less the jumps of ``earnings``, one entry a chain.

    Only the columns ``points`` are worked out; NaN elsewhere, for chains without events, and where the curve
    does not tell how large the jump is.
    """
    base = np.full(structures.points.mid.shape, np.nan)
    for chain, events in enumerate(earnings):
        own = structures.curves_of(chain)
        if events and own.start < own.stop:
            spanned = announcements_before(events, structures.as_of[chain], structures.curves.expiry[own].tolist())
            years = structures.curves.years[own]
            for point in points:
                base[own, point] = _strip(structures.points.mid[own, point], years, spanned)
    return base


def first_announcements(structures: TermStructures, earnings: Sequence[tuple[EarningsEvent, ...]]) -> DateArray:
    """Return, per chain, the first announcement still ahead of its snapshot and within its curves, else NaT."""
    first = np.full(len(earnings), NO_DATE)
    for chain, events in enumerate(earnings):
        own = structures.curves_of(chain)
        if events and own.start < own.stop:
            last_expiry = structures.curves.expiry[own.stop - 1].item()
            first[chain] = min(upcoming_dates(events, structures.as_of[chain], last_expiry), default=NO_DATE)
    return first


def _strip(iv: FloatArray, years: FloatArray, spanned: IntArray) -> FloatArray:
    known = np.isfinite(iv) & (iv > 0.0)
    if not spanned.any() or not known.any():
        return np.where(known, iv, np.nan)
    jump_variance = solve_jump_variance(iv[known], years[known], spanned[known])
    return without_jumps(iv, years, spanned, jump_variance)
