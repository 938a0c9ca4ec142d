"""PostgreSQL's binary COPY format, written from columns and read into columns without an object per row.

Rows are laid out in one structured array, every value as wide as its column; what a shorter or missing value does
not fill is then left out. https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from forward_factor.core.arrays import BoolArray, IntArray

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
POSTGRES_EPOCH_DAY = np.datetime64("2000-01-01", "D")
NULL = -1
"""The length of a missing value."""


@dataclass(frozen=True, slots=True, eq=False)
class CopyColumn:
    """One column, big-endian as the wire has it.

    Attributes:
        lengths: bytes of each value, ``NULL`` where it is missing; None where all are as wide as the column.

    """

    wire_type: str
    values: npt.ArrayLike
    lengths: npt.NDArray[np.int16] | None = None


def text_column(texts: Sequence[str], counts: Sequence[int]) -> CopyColumn:
    """Return a column with each text in as many rows as ``counts`` says."""
    encoded = np.array([text.encode() for text in texts], dtype=np.bytes_)
    lengths = np.char.str_len(encoded).astype(np.int16)
    is_even = np.all(lengths == encoded.itemsize)
    return CopyColumn(encoded.dtype.str, np.repeat(encoded, counts), None if is_even else np.repeat(lengths, counts))


def letter_column(letters: npt.NDArray[np.bytes_]) -> CopyColumn:
    """Return a column of one-byte texts."""
    return CopyColumn("S1", letters)


def instant_column(instants: Sequence[datetime], counts: Sequence[int]) -> CopyColumn:
    """Return a ``timestamptz`` column with each instant in as many rows as ``counts`` says."""
    microseconds = [(instant - POSTGRES_EPOCH) // timedelta(microseconds=1) for instant in instants]
    return CopyColumn(">i8", np.repeat(np.array(microseconds, dtype=np.int64), counts))


def date_column(days: npt.NDArray[np.datetime64]) -> CopyColumn:
    """Return a ``date`` column."""
    return CopyColumn(">i4", (days - POSTGRES_EPOCH_DAY).astype(np.int64))


def number_column(integers: IntArray, missing: BoolArray) -> CopyColumn:
    """Return a ``bigint`` column."""
    return CopyColumn(">i8", integers, np.where(missing, NULL, 8).astype(np.int16) if missing.any() else None)


def encode_rows(columns: Sequence[CopyColumn], row_count: int) -> bytes:
    """Return the rows of ``columns`` as COPY has them, without the file's header and trailer."""
    rows = np.repeat(_bare_row(tuple(column.wire_type for column in columns)), row_count)
    for number, column in enumerate(columns):
        rows[f"value{number}"] = column.values
    shorter = [(number, column.lengths) for number, column in enumerate(columns) if column.lengths is not None]
    return _cut(rows, shorter) if shorter else rows.tobytes()


def decode_rows(data: bytes, wire_types: tuple[str, ...]) -> list[np.ndarray]:
    """Return the columns of a whole COPY, none of whose values may be missing or shorter than its column.

    Raises:
        ValueError: the bytes are no such rows.

    """
    bare = _bare_row(wire_types)
    body = memoryview(data)[len(SIGNATURE) : -len(TRAILER)]
    if not data.startswith(SIGNATURE) or not data.endswith(TRAILER) or len(body) % bare.itemsize:
        raise ValueError("not rows of COPY, or with values of other lengths")
    rows = np.frombuffer(body, dtype=bare.dtype)
    marks = [name for name in bare.dtype.names or () if not name.startswith("value")]
    if any((rows[name] != bare[name]).any() for name in marks):
        raise ValueError("rows of COPY with values of other lengths")
    return [rows[f"value{number}"] for number in range(len(wire_types))]


@lru_cache(maxsize=256)
def _bare_row(wire_types: tuple[str, ...]) -> np.ndarray:
    """One row of these columns with the lengths of full values, and no values yet."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for number, wire_type in enumerate(wire_types):
        layout += [(f"length{number}", ">i4"), (f"value{number}", wire_type)]
    row = np.zeros(1, dtype=np.dtype(layout))
    row["fields"] = len(wire_types)
    for number in range(len(wire_types)):
        row[f"length{number}"] = row.dtype[f"value{number}"].itemsize
    return row


def _cut(rows: np.ndarray, lengths: Sequence[tuple[int, npt.NDArray[np.int16]]]) -> bytes:
    """Write the lengths of some columns, and leave out what lies behind them."""
    offsets: Mapping[str, tuple[Any, ...]] = rows.dtype.fields or {}
    keep = np.ones((len(rows), rows.dtype.itemsize), dtype=np.bool_)
    for number, length in lengths:
        kind, offset = offsets[f"value{number}"][:2]
        rows[f"length{number}"] = length
        keep[:, offset : offset + kind.itemsize] = np.arange(kind.itemsize, dtype=np.int16) < length[:, np.newaxis]
    return rows.view(np.uint8).reshape(keep.shape)[keep].tobytes()
