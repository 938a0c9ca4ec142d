"""Candidates as plain columns and rows, for the store and for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any

import numpy as np

from forward_factor.core.arrays import FloatArray, IntArray
from forward_factor.core.pairing import NO_CURVE
from forward_factor.core.reasons import flags_in, reasons_in
from forward_factor.core.rules import VOL_POINTS
from forward_factor.core.scan import ScanBatch
from forward_factor.services.views import CandidateView

Columns = dict[str, list[Any]]


def tabulate_candidates(batch: ScanBatch) -> Columns:
    """Return the candidates of ``batch`` as columns named like the fields of ``CandidateView``."""
    found, curves = batch.candidates, batch.structures.curves
    expiry = np.append(curves.expiry, np.datetime64("NaT", "D"))
    owners = [batch.chains[place] for place in found.chain]
    return {
        "ticker": [owner.ticker for owner in owners],
        "as_of": [owner.as_of for owner in owners],
        "provider": [owner.provider for owner in owners],
        "pair": [batch.rules.pairs[rule].name for rule in found.rule],
        "vol_point": [VOL_POINTS[point].value for point in found.point],
        "front_expiry": expiry[found.front].tolist(),
        "back_expiry": expiry[found.back].tolist(),
        "front_dte": _dte(curves.dte, found.front),
        "back_dte": _dte(curves.dte, found.back),
        "front_iv": known(found.front_iv),
        "back_iv": known(found.back_iv),
        "sigma_fwd": known(found.sigma_fwd),
        "ff": known(found.ff),
        "ff_low": known(found.ff_low),
        "ff_high": known(found.ff_high),
        "front_iv_ex_earnings": known(found.front_iv_ex),
        "back_iv_ex_earnings": known(found.back_iv_ex),
        "ff_ex_earnings": known(found.ff_ex),
        "earnings_on": found.earnings_on.tolist(),
        "bid_ask_pct": known(found.spread_pct),
        "open_interest": known(found.open_interest),
        "volume": known(found.volume),
        "quality_score": known(found.quality),
        "reasons": decoded(found.reasons, reasons_in),
        "flags": decoded(found.flags, flags_in),
        "is_signal": found.is_signal.tolist(),
    }


def view_candidates(batch: ScanBatch) -> list[CandidateView]:
    """Return the candidates of ``batch``, in their order."""
    columns = tabulate_candidates(batch)
    return [CandidateView(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def known(values: FloatArray) -> list[float | None]:
    """Return plain floats, None for missing ones."""
    return [None if isnan(value) else value for value in values.tolist()]


def decoded(bits: IntArray, decode: Callable[[int], Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the names in each bit set."""
    return [tuple(str(member) for member in decode(value)) for value in bits.tolist()]


def _dte(dte: IntArray, curve: IntArray) -> list[int | None]:
    return [None if place == NO_CURVE else int(dte[place]) for place in curve]
