"""Stored candidates as users' rules look at them: which columns are read, and what becomes of their rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Text, cast

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.core.reasons import Reason, bit
from forward_factor.core.rules import VOL_POINTS
from forward_factor.core.user_rules import Readings, sigma_fwd_ex
from forward_factor.storage.tables import Candidate, table_of

_NUMBERS = (
    "ff_value", "sigma_fwd", "ff_ex_earnings", "front_iv_ex_earnings", "back_iv_ex_earnings", "bid_ask_pct",
    "open_interest", "volume", "front_dte", "back_dte",
)  # fmt: skip
_COPIED = ("pair", "vol_point", "front_expiry", "back_expiry", *_NUMBERS, "earnings_on")
SELECTED = (*_COPIED, "reason_codes")
"""The names of ``reading_columns``, in their order."""
_POINTS = {point.value: place for place, point in enumerate(VOL_POINTS)}
_BITS = {reason.value: bit(reason) for reason in Reason}
_CANDIDATES = table_of(Candidate)


def reading_columns() -> list[ColumnElement[Any]]:
    """Return what of candidates is selected; reasons as the text of their JSON."""
    return [*(_CANDIDATES.c[name] for name in _COPIED), cast(_CANDIDATES.c.reason_codes, Text)]


def readings_from(columns: Mapping[str, Sequence[Any]], wanted: BoolArray) -> Readings:
    """Return the readings of the rows that are ``wanted``, from columns by the names of ``SELECTED``."""

    def numbers(name: str) -> FloatArray:
        found: FloatArray = np.array(columns[name], dtype=np.float64)[wanted]
        return found

    return Readings(
        ff=numbers("ff_value"),
        sigma_fwd=numbers("sigma_fwd"),
        ff_ex=numbers("ff_ex_earnings"),
        sigma_fwd_ex=sigma_fwd_ex(
            numbers("front_iv_ex_earnings"), numbers("front_dte"), numbers("back_iv_ex_earnings"), numbers("back_dte")
        ),
        has_earnings=~np.isnat(days_of(columns["earnings_on"])[wanted]),
        spread_pct=numbers("bid_ask_pct"),
        open_interest=numbers("open_interest"),
        volume=numbers("volume"),
        reasons=coded(columns["reason_codes"], _reason_bits)[wanted],
    )


def points_of(values: Sequence[str]) -> IntArray:
    """Return stored vol points as places in ``VOL_POINTS``."""
    return coded(values, _POINTS.get)


def coded(values: Sequence[Any], code: Callable[[Any], int | None]) -> IntArray:
    """Return the codes of ``values``, -1 for those that have none."""
    codes = {value: code(value) for value in set(values)}
    return np.array([-1 if codes[value] is None else codes[value] for value in values], dtype=np.int64)


def days_of(values: Sequence[Any]) -> DateArray:
    """Return dates as an array, NaT for None."""
    return np.array(values, dtype="datetime64[D]")


@lru_cache(maxsize=1 << 13)
def _reason_bits(text: str) -> int:
    """Return the bit set of stored reasons, a JSON list."""
    names: list[str] = json.loads(text)
    return sum({_BITS[name] for name in names})
