"""Batches as PostgreSQL's wire has them: rows to COPY, and the digest that the server computes too.

A row's canonical form is what ``record_send`` returns for it: field count, then type, length and bytes of every field.
The server digests what it really holds by ``sha256(record_send(row))``; here the same bytes are made from the source.
https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4, backend/utils/adt/rowtypes.c
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np

from forward_factor.storage.transfer.catalogue import ColumnSpec, Kind
from forward_factor.storage.transfer.values import Batch, EncodedRows, Values

_NULL = struct.pack(">i", -1)
_pack_length = struct.Struct(">i").pack
_FEW, _SAMPLE = 4, 256
"""Texts that repeat so often on average, in so many, are encoded once each."""
_WORDS = hashlib.sha256().digest_size // 8
_WRAP = 1 << 64

Fields = list[bytes]


def encode(batch: Batch) -> EncodedRows:
    """Return the rows of ``batch`` in binary COPY format (without its header and trailer), and their digests."""
    if not len(batch):
        return EncodedRows([], [])
    copied, digested = _pieces(batch)
    count = len(batch.columns)
    rows = list(map(b"".join, zip(repeat(struct.pack(">h", count)), *copied, strict=False)))
    canonical = map(b"".join, zip(repeat(struct.pack(">i", count)), *digested, strict=False))
    return EncodedRows(rows, [hashlib.sha256(one).digest() for one in canonical])


def sum_of(digests: Iterable[bytes]) -> int:
    """Return the sum of the digests' first 64 bits, modulo 2^64: the same in whatever order rows come."""
    joined = np.frombuffer(b"".join(digests), dtype=">u8")[::_WORDS]
    return int(joined.astype(np.uint64).sum(dtype=np.uint64)) % _WRAP


def wrapped(total: int) -> int:
    """Return a sum of digests, signed as a server adds them or not, modulo 2^64."""
    return total % _WRAP


def _pieces(batch: Batch) -> tuple[list[Iterable[bytes]], list[Iterable[bytes]]]:
    """Return the pieces of all rows, for COPY and for the digest; neighbours of fixed width are one piece."""
    copied: list[Iterable[bytes]] = []
    digested: list[Iterable[bytes]] = []
    block: list[tuple[ColumnSpec, Values]] = []

    def close_block() -> None:
        if block:
            copied.append(_block(block, with_types=False))
            digested.append(_block(block, with_types=True))
            block.clear()

    for spec, values in zip(batch.table.columns, batch.columns, strict=True):
        if values.numbers is not None and values.missing is None:
            block.append((spec, values))
            continue
        close_block()
        fields = _text_fields(values.texts) if values.texts is not None else _sparse_fields(spec, values)
        copied.append(fields)
        digested += [repeat(struct.pack(">I", spec.oid)), fields]
    close_block()
    return copied, digested


def _block(columns: Sequence[tuple[ColumnSpec, Values]], *, with_types: bool) -> Fields:
    """Return the fields of neighbouring columns of which nothing is missing, joined row by row."""
    layout: list[tuple[str, str]] = []
    for number, (spec, _) in enumerate(columns):
        layout += [(f"type{number}", ">u4")] if with_types else []
        layout += [(f"length{number}", ">i4"), (f"value{number}", _wire_type(spec))]
    first = columns[0][1].numbers
    assert first is not None
    rows = np.empty(len(first), dtype=np.dtype(layout))
    for number, (spec, values) in enumerate(columns):
        if with_types:
            rows[f"type{number}"] = spec.oid
        rows[f"length{number}"] = spec.width
        rows[f"value{number}"] = values.numbers
    fields: Fields = rows.view(f"V{rows.dtype.itemsize}").tolist()
    return fields


def _sparse_fields(spec: ColumnSpec, values: Values) -> Fields:
    fields = _block([(spec, values)], with_types=False)
    assert values.missing is not None
    for row in np.flatnonzero(values.missing).tolist():
        fields[row] = _NULL
    return fields


def _text_fields(texts: Sequence[str | None]) -> Fields:
    if _FEW * len(set(texts[:_SAMPLE])) <= len(texts[:_SAMPLE]):
        known = {text: _text_field(text) for text in set(texts)}
        return list(map(known.__getitem__, texts))
    if None in texts:
        return [_text_field(text) for text in texts]
    encoded = "\0".join(texts).encode().split(b"\0")  # type: ignore[arg-type]  # no text here holds a NUL
    prefixes = {length: _pack_length(length) for length in set(map(len, encoded))}
    return [prefixes[len(text)] + text for text in encoded]


def _text_field(text: str | None) -> bytes:
    if text is None:
        return _NULL
    encoded = text.encode()
    return _pack_length(len(encoded)) + encoded


def _wire_type(spec: ColumnSpec) -> str:
    return ">f8" if spec.kind is Kind.NUMBER else f">i{spec.width}"
