"""Batches as SQLite's rows: our own spelling, or the old bot's with every original where it was."""

from __future__ import annotations

import base64
import hashlib
import json
import marshal
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from forward_factor.errors import StorageError
from forward_factor.storage.transfer import instants
from forward_factor.storage.transfer.catalogue import ColumnSpec, Kind, TableSpec
from forward_factor.storage.transfer.forms import read_column
from forward_factor.storage.transfer.values import Batch, Raw, Values

Row = tuple[Raw, ...]
_MARSHAL_WITHOUT_REFERENCES = 2
_LARGEST_WHOLE = 2**63


def sqlite_rows(batch: Batch, sparse_instants: frozenset[str] = frozenset()) -> list[Row]:
    """Return the rows of ``batch`` as a SQLite table of its columns holds them.

    Args:
        batch: what to render.
        sparse_instants: columns whose instants have a fraction only where it is not zero.

    """
    pairs = zip(batch.table.columns, batch.columns, strict=True)
    return list(zip(*(_column(spec, values, spec.name not in sparse_instants) for spec, values in pairs), strict=True))


def with_originals(
    table: TableSpec, row: Row, originals: Mapping[str, Raw], *, sparse_instants: frozenset[str] = frozenset()
) -> Row:
    """Return ``row`` with the spellings it once had; a value that has changed since keeps its own."""
    spelled = list(row)
    for name, original in originals.items():
        place, spec = table.names.index(name), table.column(name)
        reading = read_column(spec, [original])
        if not reading.refused and _column(spec, reading.values, name not in sparse_instants)[0] == row[place]:
            spelled[place] = original
    return tuple(spelled)


def raw_digests(rows: Iterable[Row]) -> list[bytes]:
    """Return the digest of every row as SQLite holds it: storage class and value of each column."""
    dumps, digest = marshal.dumps, hashlib.sha256
    return [digest(dumps(row, _MARSHAL_WITHOUT_REFERENCES)).digest() for row in rows]


def verbatim(names: Sequence[str], row: Row) -> str:
    """Return a row as JSON that keeps storage classes: text, whole numbers, numbers, binary, missing."""
    return json.dumps({name: _tagged(value) for name, value in zip(names, row, strict=True)}, ensure_ascii=True)


def from_verbatim(text: str) -> dict[str, Raw]:
    """Return the row that ``verbatim`` wrote.

    Raises:
        StorageError: somebody has edited it into something else.

    """
    try:
        return {name: _untagged(value) for name, value in json.loads(text).items()}
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise StorageError(f"a row in quarantine cannot be read: {fault}") from fault


def by_affinity(kind: Kind, text: str) -> Raw:
    """Return what SQLite makes of a text in a column declared JSON: a number, if it reads like one."""
    if kind is not Kind.JSON or not text or text.lstrip()[:1] not in set("0123456789-+."):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if not np.isfinite(number):
        return text
    if text.strip().lstrip("+-").isdigit() and -_LARGEST_WHOLE <= int(text) < _LARGEST_WHOLE:
        return int(text)
    return int(number) if number.is_integer() and abs(number) < 2**51 else number


def _column(spec: ColumnSpec, values: Values, always_full: bool) -> list[Raw]:
    if values.texts is not None:
        if spec.kind is Kind.JSON:
            return [None if text is None else by_affinity(spec.kind, text) for text in values.texts]
        return list(values.texts)
    assert values.numbers is not None
    if spec.kind is Kind.INSTANT:
        rendered: list[Raw] = list(instants.instant_texts(values.numbers, always_full=always_full))
    elif spec.kind is Kind.DAY:
        rendered = list(instants.day_texts(values.numbers))
    else:
        rendered = (values.numbers + 0).tolist()  # SQLite knows no minus zero
    if values.missing is not None:
        for row in np.flatnonzero(values.missing).tolist():
            rendered[row] = None
    return rendered


def _tagged(value: Raw) -> object:
    if isinstance(value, float):
        return {"number": value.hex()}
    if isinstance(value, bytes):
        return {"binary": base64.b64encode(value).decode()}
    if isinstance(value, bytearray):
        return {"text": base64.b64encode(value).decode()}
    return value


def _untagged(value: object) -> Raw:
    if isinstance(value, dict):
        ((kind, inner),) = value.items()
        if kind == "number":
            return float.fromhex(inner)
        if kind == "text":
            return bytearray(base64.b64decode(inner))
        return base64.b64decode(inner)
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} is no value of a row")
