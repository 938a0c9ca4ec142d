"""Quotes of a snapshot between the engine's columns and the rows of ``option_quotes``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import Row

from forward_factor.core.arrays import BoolArray, FloatArray, IntArray
from forward_factor.core.chain import Chain, Contracts
from forward_factor.storage import copy_format
from forward_factor.storage.copy_format import CopyColumn
from forward_factor.storage.fixed_point import FixedPoint, from_fixed_point, to_fixed_point

PRICE_DIGITS, STRIKE_DIGITS, VOL_DIGITS, DELTA_DIGITS, COUNT_DIGITS = 2, 3, 4, 4, 0
COLUMNS = (
    "as_of_ts", "ticker", "provider", "expiry", "option_right", "strike",
    "bid", "ask", "last", "volume", "open_interest", "iv", "delta", "occurrence",
)  # fmt: skip
STORED_COLUMNS = COLUMNS[3:]
NUMBERS = COLUMNS[5:13]
SCALE_GROUPS = (
    (STRIKE_DIGITS, ("strike",)),
    (PRICE_DIGITS, ("bid", "ask", "last")),
    (COUNT_DIGITS, ("volume", "open_interest")),
    (VOL_DIGITS, ("iv",)),
    (DELTA_DIGITS, ("delta",)),
)
"""Numbers that share a scale, and the digits it has unless they need more."""
ROWS_A_PART = 4_096
"""Long enough to keep arrays long, short enough that a server has work while the next part is encoded."""
_ANY_DTE = -1


@dataclass(frozen=True, slots=True)
class Scales:
    """Digits after the point of a snapshot's integers (see ``fixed_point``)."""

    price: int
    strike: int
    iv: int
    delta: int
    count: int


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
        return Scales(self.bid.digits, self.strike.digits, self.iv.digits, self.delta.digits, self.volume.digits)

    def copy_bytes(self) -> bytes:
        """Return the rows in PostgreSQL's binary COPY format."""
        return _encode([self])

    def value_columns(self) -> dict[str, list[Any]]:
        """Return the rows as columns of Python values, for stores without COPY."""
        return value_columns([self])


def quote_columns(chain: Chain, longest_dte: int | None) -> QuoteColumns:
    """Return the contracts of ``chain`` with 1 <= dte <= ``longest_dte`` (all of them for None)."""
    return quote_columns_of([chain], [longest_dte])[0]


def quote_columns_of(chains: Sequence[Chain], longest_dtes: Sequence[int | None]) -> list[QuoteColumns]:
    """Return the same for many chains, each with its own ``longest_dte``, at little more than the cost of one."""
    contracts, owner = _kept_in_order(chains, longest_dtes)
    occurrence = _occurrences(contracts, owner)
    bounds = np.searchsorted(owner, np.arange(len(chains) + 1)).tolist()
    rows = [slice(first, end) for first, end in pairwise(bounds)]
    numbers: list[dict[str, FixedPoint]] = [{} for _ in chains]
    for digits, names in SCALE_GROUPS:
        columns = [getattr(contracts, name) for name in names]
        for own, fixed in zip(numbers, _by_snapshot(columns, digits, rows), strict=True):
            own.update(zip(names, fixed, strict=True))
    return [
        QuoteColumns(chain, _view(contracts, own), occurrence[own], **own_numbers)
        for chain, own, own_numbers in zip(chains, rows, numbers, strict=True)
    ]


def copy_parts(quotes: Iterable[QuoteColumns]) -> Iterator[bytes]:
    """Yield the rows of many snapshots in PostgreSQL's binary COPY format, some snapshots at a time."""
    waiting: list[QuoteColumns] = []
    for one in quotes:
        waiting.append(one)
        if sum(map(len, waiting)) >= ROWS_A_PART:
            yield _encode(waiting)
            waiting = []
    if waiting:
        yield _encode(waiting)


def value_columns(quotes: Sequence[QuoteColumns]) -> dict[str, list[Any]]:
    """Return the rows of many snapshots as columns of Python values, for stores without COPY."""
    counts = [len(one) for one in quotes]
    chains = [one.chain for one in quotes]
    is_call = _stack(one.contracts.is_call for one in quotes)
    return {
        "as_of_ts": np.repeat(np.array([chain.as_of for chain in chains], dtype=np.object_), counts).tolist(),
        "ticker": np.repeat(np.array([chain.ticker for chain in chains], dtype=np.object_), counts).tolist(),
        "provider": np.repeat(np.array([chain.provider for chain in chains], dtype=np.object_), counts).tolist(),
        "expiry": _stack(one.contracts.expiry for one in quotes).tolist(),
        "option_right": np.where(is_call, "C", "P").tolist(),
        **{name: _with_none(*_stack_numbers(quotes, name)) for name in NUMBERS},
        "occurrence": _stack(one.occurrence for one in quotes).tolist(),
    }


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
        volume=number("volume", scales.count),
        open_interest=number("open_interest", scales.count),
        iv=number("iv", scales.iv),
        delta=number("delta", scales.delta),
    )


def _kept_in_order(chains: Sequence[Chain], longest_dtes: Sequence[int | None]) -> tuple[Contracts, IntArray]:
    """Return the kept contracts in the order they are stored in, and the place of each one's chain."""
    contracts = Contracts.concatenate([one.contracts for one in chains] or [Contracts.empty()])
    owner = np.repeat(np.arange(len(chains)), [len(one.contracts) for one in chains])
    today = np.array([one.new_york_date for one in chains], dtype="datetime64[D]")
    dte = (contracts.expiry - today[owner]).astype(np.int64)
    longest = np.array([_ANY_DTE if most is None else most for most in longest_dtes], dtype=np.int64)[owner]
    rows = np.flatnonzero((longest == _ANY_DTE) | ((dte >= 1) & (dte <= longest)))
    chain_expiry_right = (owner[rows] << 33) + 2 * dte[rows] + contracts.is_call[rows]  # one key beats three
    rows = rows[np.lexsort((contracts.strike[rows], chain_expiry_right))]
    return contracts.take(rows), owner[rows]


def _occurrences(ordered: Contracts, owner: IntArray) -> IntArray:
    """Return the place of each row among the rows of its contract, first come first."""
    place = np.arange(len(ordered))
    repeats: BoolArray = np.zeros(len(ordered), dtype=np.bool_)
    repeats[1:] = (
        (ordered.strike[1:] == ordered.strike[:-1])
        & (ordered.is_call[1:] == ordered.is_call[:-1])
        & (ordered.expiry[1:] == ordered.expiry[:-1])
        & (owner[1:] == owner[:-1])
    )
    return place - np.maximum.accumulate(np.where(repeats, 0, place))


def _view(contracts: Contracts, rows: slice) -> Contracts:
    return Contracts(*(getattr(contracts, column.name)[rows] for column in fields(Contracts)))


def _by_snapshot(columns: list[FloatArray], digits: int, rows: Sequence[slice]) -> list[tuple[FixedPoint, ...]]:
    """Return the ``rows`` of each snapshot under its own scale; nearly always ``digits`` is enough for all."""
    together = to_fixed_point(columns, digits)
    if together[0].digits == digits:
        return [tuple(FixedPoint(digits, one.integers[own], one.missing[own]) for one in together) for own in rows]
    return [to_fixed_point([column[own] for column in columns], digits) for own in rows]


def _encode(quotes: Sequence[QuoteColumns]) -> bytes:
    counts = [len(one) for one in quotes]
    is_call = _stack(one.contracts.is_call for one in quotes)
    columns = [
        copy_format.instant_column([one.chain.as_of for one in quotes], counts),
        copy_format.text_column([one.chain.ticker for one in quotes], counts),
        copy_format.text_column([one.chain.provider for one in quotes], counts),
        copy_format.date_column(_stack(one.contracts.expiry for one in quotes)),
        copy_format.letter_column(np.where(is_call, b"C", b"P")),
        *(copy_format.number_column(*_stack_numbers(quotes, name)) for name in NUMBERS),
        CopyColumn(">i2", _stack(one.occurrence for one in quotes)),
    ]
    return copy_format.encode_rows(columns, sum(counts))


def _stack_numbers(quotes: Sequence[QuoteColumns], name: str) -> tuple[IntArray, BoolArray]:
    numbers: list[FixedPoint] = [getattr(one, name) for one in quotes]
    return _stack(one.integers for one in numbers), _stack(one.missing for one in numbers)


def _stack(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(arrays))


def _with_none(integers: IntArray, missing: BoolArray) -> list[int | None]:
    values: list[int | None] = integers.tolist()
    for place in np.flatnonzero(missing):
        values[place] = None
    return values
