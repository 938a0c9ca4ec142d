"""PostgreSQL's binary COPY format, written from columns without an object per row.

Rows are laid out in one structured array as if nothing were missing; the bytes of missing values are then left
out. https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from forward_factor.core.arrays import BoolArray

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
POSTGRES_EPOCH_DAY = np.datetime64("2000-01-01", "D")
_NULL = -1


@dataclass(frozen=True, slots=True, eq=False)
class CopyColumn:
    """One column of one width: a value for every row, or one array; big-endian as the wire has it."""

    wire_type: str
    values: npt.ArrayLike
    missing: BoolArray | None = None


def text_column(value: str) -> CopyColumn:
    """Return a column with the same text in every row."""
    encoded = value.encode()
    return CopyColumn(f"S{len(encoded)}", np.bytes_(encoded))


def letter_column(letters: npt.NDArray[np.bytes_]) -> CopyColumn:
    """Return a column of one-byte texts."""
    return CopyColumn("S1", letters)


def instant_column(instant: datetime) -> CopyColumn:
    """Return a ``timestamptz`` column with the same instant in every row."""
    since = instant - POSTGRES_EPOCH
    return CopyColumn(">i8", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def date_column(days: npt.NDArray[np.datetime64]) -> CopyColumn:
    """Return a ``date`` column."""
    return CopyColumn(">i4", (days - POSTGRES_EPOCH_DAY).astype(np.int64))


def encode_rows(columns: Sequence[CopyColumn], row_count: int) -> bytes:
    """Return the rows of ``columns`` as COPY has them, without the file's header and trailer."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for number, column in enumerate(columns):
        layout += [(f"length{number}", ">i4"), (f"value{number}", column.wire_type)]
    rows = np.zeros(row_count, dtype=np.dtype(layout))
    rows["fields"] = len(columns)
    for number, column in enumerate(columns):
        rows[f"value{number}"] = column.values
        rows[f"length{number}"] = rows.dtype[f"value{number}"].itemsize
        if column.missing is not None:
            rows[f"length{number}"][column.missing] = _NULL
    return _without_missing(rows, columns)


def _without_missing(rows: np.ndarray, columns: Sequence[CopyColumn]) -> bytes:
    gaps = [
        (f"value{number}", column.missing)
        for number, column in enumerate(columns)
        if column.missing is not None and column.missing.any()
    ]
    if not gaps:
        return rows.tobytes()
    offsets: Mapping[str, tuple[Any, ...]] = rows.dtype.fields or {}
    keep = np.ones((len(rows), rows.dtype.itemsize), dtype=np.bool_)
    for name, missing in gaps:
        kind, offset = offsets[name][:2]
        keep[missing, offset : offset + kind.itemsize] = False
    return rows.view(np.uint8).reshape(keep.shape)[keep].tobytes()
