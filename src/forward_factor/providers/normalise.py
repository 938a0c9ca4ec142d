"""What all vendors' contracts go through: placeholders become missing, rows that cannot be read are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from forward_factor.core.arrays import BoolArray, FloatArray
from forward_factor.core.chain import Contracts, Rejection

LARGEST_COUNT = 2.0**53
"""Beyond it floats skip whole numbers; no contract was ever traded so often."""


def without_placeholders(contracts: Contracts) -> Contracts:
    """Make missing what vendors write for it: zeros that no market quotes, infinities, impossible counts.

    A bid of 0, a volume of 0 and an open interest of 0 are real. Negative bids and asks are damage, and stay for
    the engine to refuse.
    """
    iv = _above_zero(contracts.iv)
    ask = _finite(contracts.ask)
    delta = _finite(contracts.delta)
    return replace(
        contracts,
        bid=_finite(contracts.bid),
        ask=np.where(ask == 0, np.nan, ask),
        last=_above_zero(contracts.last),
        volume=_counts(contracts.volume),
        open_interest=_counts(contracts.open_interest),
        iv=iv,
        delta=np.where((delta == 0) & np.isnan(iv), np.nan, delta),
    )


def sift(*checks: tuple[str, BoolArray]) -> tuple[BoolArray, tuple[Rejection, ...]]:
    """Return which rows pass all checks, and the others counted under the first they fail.

    Each check is a reason and where a row fails for it.
    """
    keep = np.ones(len(checks[0][1]), np.bool_)
    rejected: list[Rejection] = []
    for reason, failed in checks:
        rows = int(np.count_nonzero(keep & failed))
        rejected += [Rejection(reason, rows)] if rows else []
        keep &= ~failed
    return keep, tuple(rejected)


def number_columns(
    rows: Sequence[Any], numbers_of: Callable[[Any], tuple[float | None, ...]], width: int
) -> FloatArray:
    """Return what ``numbers_of`` gives of each row as ``width`` columns, NaN for None."""
    cells = chain.from_iterable(map(numbers_of, rows))  # one pass: fromiter turns None into NaN on the way
    table = np.fromiter(cells, np.float64, len(rows) * width).reshape(-1, width)
    return np.ascontiguousarray(table.T)


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _above_zero(values: FloatArray) -> FloatArray:
    return np.where((values > 0) & (values < np.inf), values, np.nan)


def _counts(values: FloatArray) -> FloatArray:
    return np.where((values >= 0) & (values <= LARGEST_COUNT), values, np.nan)
