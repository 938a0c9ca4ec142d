"""Time series as frames: one schema a series, whatever rows there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from forward_factor.services.series import COLUMNS, Kind, Series

_TYPES: Mapping[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.WORDS: pl.List(pl.String()),
    Kind.INSTANT: pl.Datetime("us", "UTC"),
    Kind.DAY: pl.Date(),
    Kind.NUMBER: pl.Float64(),
    Kind.WHOLE: pl.Int64(),
    Kind.TRUTH: pl.Boolean(),
}


def schema_of(series: Series) -> pl.Schema:
    """Return names and types of a series' columns; instants are ``Datetime("us", "UTC")``, missing numbers null."""
    return pl.Schema({name: _TYPES[kind] for name, kind in COLUMNS[series].items()})


def frame_of(series: Series, columns: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """Return rows of a series as a frame."""
    given = {name: columns[name] for name in COLUMNS[series]}
    return pl.DataFrame(given, schema=schema_of(series), nan_to_null=True)
