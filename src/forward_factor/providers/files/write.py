"""Chains to a file that this provider reads back as they were."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path

import numpy as np
import polars as pl

from forward_factor.core.chain import Chain
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.query import COLUMNS, SUFFIXES, is_chain_file, printable

_COUNTS = ("volume", "open_interest")
_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(COLUMNS, pl.Float64()),
        "as_of": pl.Datetime("us", "UTC"),
        "ticker": pl.String(),
        "expiry": pl.Date(),
        "right": pl.String(),
    }
)


def write_chains(chains: Iterable[Chain], path: Path) -> None:
    """Write ``chains`` to ``path`` in the canonical columns.

    The ending of its name says how: ``.csv``, ``.csv.gz`` or ``.parquet``. Numbers keep full precision and
    missing ones are empty. A chain without contracts leaves no row, and
    rejections are not written. The file appears whole or not at all.

    Raises:
        InvalidInput: the name has none of the three endings, or the path cannot be written.

    """
    if not is_chain_file(path):
        raise InvalidInput(f"{printable(str(path))} must end in one of {', '.join(SUFFIXES)}")
    table = pl.concat([pl.DataFrame(schema=_SCHEMA), *map(_table, chains)])
    table = table.with_columns(pl.col(column).cast(_count_type(table[column])) for column in _COUNTS)
    _replace(path, _encode(table, path.name.lower()))


def _table(chain: Chain) -> pl.DataFrame:
    contracts = chain.contracts
    columns = {
        "as_of": chain.as_of.astimezone(UTC),
        "ticker": chain.ticker,
        "spot": chain.spot,
        "right": np.where(contracts.is_call, "C", "P"),
    }
    columns |= {column: getattr(contracts, column) for column in COLUMNS if column not in columns}
    return pl.DataFrame(columns, schema=_SCHEMA, nan_to_null=True)


def _count_type(column: pl.Series) -> pl.DataType:
    """Write counts as integers, unless some vendor's are not."""
    whole = column.is_null() | ((column.floor() == column) & (column.abs() <= 2.0**53))
    return pl.Int64() if whole.all() else pl.Float64()


def _encode(table: pl.DataFrame, name: str) -> bytes:
    buffer = io.BytesIO()
    if name.endswith(".parquet"):
        table.write_parquet(buffer)
        return buffer.getvalue()
    table.with_columns(pl.col("as_of").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).write_csv(buffer)
    # A time in the gzip header would make the same chains give different files.
    return gzip.compress(buffer.getvalue(), mtime=0) if name.endswith(".gz") else buffer.getvalue()


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"{printable(str(path))} cannot be written: {error.strerror}") from error
