"""Rows on their way: columns of plain values, whatever store they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from forward_factor.core.arrays import BoolArray
from forward_factor.storage.transfer.catalogue import TableSpec

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(2000, 1, 1)
"""PostgreSQL's: instants are microseconds, days are days since then."""

FIRST_DAY, LAST_DAY = (date.min - EPOCH_DAY).days, (date.max - EPOCH_DAY).days
FIRST_INSTANT, LAST_INSTANT = FIRST_DAY * 86_400_000_000, (LAST_DAY + 1) * 86_400_000_000 - 1

Raw = None | int | float | str | bytes | bytearray
"""A value as SQLite holds it; a bytearray is a text that is not UTF-8."""

Texts = list[str | None]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """One column of a batch: texts, or numbers with a mask of those that are missing (None for none)."""

    texts: Texts | None = None
    numbers: npt.NDArray[Any] | None = None
    missing: BoolArray | None = None

    def take(self, rows: npt.NDArray[np.intp]) -> Values:
        """Return the values of some rows."""
        if self.texts is not None:
            return Values([self.texts[row] for row in rows.tolist()])
        numbers = self.numbers[rows] if self.numbers is not None else None
        missing = self.missing[rows] if self.missing is not None else None
        return Values(None, numbers, missing if missing is not None and missing.any() else None)

    def listed(self) -> list[str | int | float | None]:
        """Return the values as Python has them, None for missing."""
        if self.texts is not None:
            return list(self.texts)
        assert self.numbers is not None
        values: list[str | int | float | None] = self.numbers.tolist()
        if self.missing is not None:
            for row in np.flatnonzero(self.missing).tolist():
                values[row] = None
        return values


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that our stores cannot hold: where it was, its key, why not, and the row itself."""

    place: str
    key: str
    reason: str
    row: tuple[Raw, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A range of one table: what one transaction carries over.

    Attributes:
        place: names the range; the same range of an unchanged source has the same.
        columns: in the table's order, accepted rows only.
        places: where each accepted row was in the source.
        raw: the accepted rows as a SQLite source holds them, each after its place; empty from other sources.
        originals: by row, the values whose spelling the target does not keep.
        size: bytes, about.

    """

    table: TableSpec
    place: str
    columns: tuple[Values, ...]
    places: Sequence[str | int]
    raw: Sequence[tuple[Raw, ...]] = ()
    refused: tuple[Refused, ...] = ()
    originals: Mapping[int, Mapping[str, Raw]] = field(default_factory=dict)
    size: int = 0

    def __len__(self) -> int:
        """Return how many rows were accepted."""
        return len(self.places)

    @property
    def rows_read(self) -> int:
        """Return how many rows the source holds here."""
        return len(self.places) + len(self.refused)

    def row(self, row: int) -> tuple[Raw, ...]:
        """Return one accepted row as the source holds it."""
        if self.raw:
            return tuple(self.raw[row][1:])
        return tuple(column.take(np.array([row])).listed()[0] for column in self.columns)

    def values(self, name: str) -> Values:
        """Return a column by name."""
        return self.columns[self.table.names.index(name)]

    def row_keys(self) -> list[tuple[str | int | float | None, ...]]:
        """Return the key of each row."""
        return list(zip(*(self.values(name).listed() for name in self.table.key), strict=True))

    def without(self, refused: Mapping[int, Refused]) -> Batch:
        """Return the batch with some more rows refused."""
        if not refused:
            return self
        kept = np.array([row for row in range(len(self)) if row not in refused], dtype=np.intp)
        renumbered = {row: place for place, row in enumerate(kept.tolist())}
        return Batch(
            self.table,
            self.place,
            tuple(column.take(kept) for column in self.columns),
            [self.places[row] for row in kept.tolist()],
            [self.raw[row] for row in kept.tolist()] if self.raw else (),
            (*self.refused, *refused.values()),
            {renumbered[row]: spelled for row, spelled in self.originals.items() if row in renumbered},
            self.size,
        )


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """The rows of a batch as a target takes them, whatever that is, and their digests."""

    rows: list[Any]
    digests: list[bytes]

    def part(self, first: int, end: int) -> EncodedRows:
        """Return some of the rows."""
        return EncodedRows(self.rows[first:end], self.digests[first:end])


def instant_of(microseconds: int) -> datetime:
    """Return the instant so many microseconds after PostgreSQL's epoch."""
    return EPOCH + timedelta(microseconds=microseconds)
