"""Quotes of a snapshot between the engine's columns and the rows of ``option_quotes``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row

from forward_factor.core.arrays import FloatArray, IntArray
from forward_factor.core.chain import Chain, Contracts
from forward_factor.storage import copy_format
from forward_factor.storage.copy_format import CopyColumn
from forward_factor.storage.fixed_point import FixedPoint, from_fixed_point, to_fixed_point

PRICE_DIGITS, STRIKE_DIGITS, VOL_DIGITS, DELTA_DIGITS = 2, 3, 4, 4
COLUMNS = (
    "as_of_ts", "ticker", "provider", "expiry", "option_right", "strike",
    "bid", "ask", "last", "volume", "open_interest", "iv", "delta", "occurrence",
)  # fmt: skip
STORED_COLUMNS = COLUMNS[3:]


@dataclass(frozen=True, slots=True)
class Scales:
    """Digits after the point of a snapshot's integers (see ``fixed_point``)."""

    price: int
    strike: int
    iv: int
    delta: int


@dataclass(frozen=True, slots=True, eq=False)
class QuoteColumns:
    """A snapshot's kept contracts, in fixed point, sorted by expiry, right and strike."""

    chain: Chain
    contracts: Contracts
    occurrence: IntArray
    strike: FixedPoint
    bid: FixedPoint
    ask: FixedPoint
    last: FixedPoint
    volume: FixedPoint
    open_interest: FixedPoint
    iv: FixedPoint
    delta: FixedPoint

    def __len__(self) -> int:
        return len(self.contracts)

    @property
    def scales(self) -> Scales:
        """Return the scales to store in the snapshot's header."""
        return Scales(self.bid.digits, self.strike.digits, self.iv.digits, self.delta.digits)

    @property
    def _numbers(self) -> tuple[FixedPoint, ...]:
        return (self.bid, self.ask, self.last, self.volume, self.open_interest, self.iv, self.delta)

    def copy_bytes(self) -> bytes:
        """Return the rows in PostgreSQL's binary COPY format."""
        columns = [
            copy_format.instant_column(self.chain.as_of),
            copy_format.text_column(self.chain.ticker),
            copy_format.text_column(self.chain.provider),
            copy_format.date_column(self.contracts.expiry),
            copy_format.letter_column(np.where(self.contracts.is_call, b"C", b"P")),
            CopyColumn(">i8", self.strike.integers),
            *(CopyColumn(">i8", number.integers, number.missing) for number in self._numbers),
            CopyColumn(">i2", self.occurrence),
        ]
        return copy_format.encode_rows(columns, len(self))

    def value_columns(self) -> dict[str, list[Any]]:
        """Return the rows as columns of Python values, for stores without COPY."""
        count = len(self)
        return {
            "as_of_ts": [self.chain.as_of] * count,
            "ticker": [self.chain.ticker] * count,
            "provider": [self.chain.provider] * count,
            "expiry": self.contracts.expiry.tolist(),
            "option_right": np.where(self.contracts.is_call, "C", "P").tolist(),
            "strike": self.strike.integers.tolist(),
            **{name: _with_none(number) for name, number in zip(COLUMNS[6:13], self._numbers, strict=True)},
            "occurrence": self.occurrence.tolist(),
        }


def quote_columns(chain: Chain, longest_dte: int | None) -> QuoteColumns:
    """Return the contracts of ``chain`` with 1 <= dte <= ``longest_dte`` (all of them for None)."""
    contracts, occurrence = _in_stored_order(_kept(chain, longest_dte))
    bid, ask, last = to_fixed_point([contracts.bid, contracts.ask, contracts.last], PRICE_DIGITS)
    (strike,) = to_fixed_point([contracts.strike], STRIKE_DIGITS)
    (iv,) = to_fixed_point([contracts.iv], VOL_DIGITS)
    (delta,) = to_fixed_point([contracts.delta], DELTA_DIGITS)
    return QuoteColumns(
        chain, contracts, occurrence, strike, bid, ask, last,
        _counts(contracts.volume), _counts(contracts.open_interest), iv, delta,
    )  # fmt: skip


def contracts_from_rows(rows: Sequence[Row[Any]], scales: Scales) -> Contracts:
    """Return the contracts of rows with ``STORED_COLUMNS``, read in the stored order."""
    columns = list(zip(*rows, strict=True)) or [() for _ in STORED_COLUMNS]
    by_name = dict(zip(STORED_COLUMNS, columns, strict=True))

    def number(name: str, digits: int) -> FloatArray:
        missing = np.array([value is None for value in by_name[name]], dtype=np.bool_)
        integers = np.array([value or 0 for value in by_name[name]], dtype=np.int64)
        return from_fixed_point(integers, missing, digits)

    return Contracts(
        expiry=np.array(by_name["expiry"], dtype="datetime64[D]"),
        strike=number("strike", scales.strike),
        is_call=np.array([right == "C" for right in by_name["option_right"]], dtype=np.bool_),
        bid=number("bid", scales.price),
        ask=number("ask", scales.price),
        last=number("last", scales.price),
        volume=number("volume", 0),
        open_interest=number("open_interest", 0),
        iv=number("iv", scales.iv),
        delta=number("delta", scales.delta),
    )


def _kept(chain: Chain, longest_dte: int | None) -> Contracts:
    if longest_dte is None:
        return chain.contracts
    dte = (chain.contracts.expiry - np.datetime64(chain.new_york_date, "D")).astype(np.int64)
    return chain.contracts.take(np.flatnonzero((dte >= 1) & (dte <= longest_dte)))


def _in_stored_order(contracts: Contracts) -> tuple[Contracts, IntArray]:
    """Sort, and number the rows of a contract that stands several times, first come first."""
    order = np.lexsort((contracts.strike, contracts.is_call, contracts.expiry))
    ordered = contracts.take(order)
    repeats = np.zeros(len(order), dtype=np.int64)
    same = (
        (ordered.expiry[1:] == ordered.expiry[:-1])
        & (ordered.is_call[1:] == ordered.is_call[:-1])
        & (ordered.strike[1:] == ordered.strike[:-1])
    )
    repeats[1:] = np.cumsum(same)
    before_run = np.maximum.accumulate(np.where(np.append(False, same), -1, repeats)) if len(order) else repeats
    return ordered, repeats - before_run


def _counts(values: FloatArray) -> FixedPoint:
    """Whole contracts; a fraction of one is dropped, which no gate can tell."""
    missing = np.isnan(values)
    return FixedPoint(0, np.floor(np.where(missing, 0.0, values)).astype(np.int64), missing)


def _with_none(number: FixedPoint) -> list[int | None]:
    values: list[int | None] = number.integers.tolist()
    for place in np.flatnonzero(number.missing):
        values[place] = None
    return values
