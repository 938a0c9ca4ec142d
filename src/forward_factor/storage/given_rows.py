"""Rows that a statement is given, however many, as a table to join with: one parameter a column, or one in all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    JSON,
    BigInteger,
    Date,
    Dialect,
    Integer,
    String,
    bindparam,
    column,
    func,
    select,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from forward_factor.storage.types import SQLITE_INSTANT_FORMAT, UtcDateTime

TEXT, WHOLE, BIG_WHOLE, DAY, INSTANT = String(), Integer(), BigInteger(), Date(), UtcDateTime()
Columns = Sequence[tuple[str, TypeEngine[Any], Sequence[Any]]]


def given_rows(dialect: Dialect, name: str, columns: Columns) -> CTE:
    """Return the rows of ``columns`` (name, type, values) as a table expression.

    Text, whole numbers, days and instants only: SQLite reads them from JSON, where a float might lose its last bit.
    """
    return _unnested(name, columns) if dialect.name == "postgresql" else _from_json(name, columns)


def _unnested(name: str, columns: Columns) -> CTE:
    arrays = [bindparam(None, list(values), type_=ARRAY(kind)) for _, kind, values in columns]
    listed = [column(one, kind) for one, kind, _ in columns]
    rows = func.unnest(*arrays).table_valued(*listed, name=f"{name}_rows").render_derived()
    return select(*rows.c).cte(name)


def _from_json(name: str, columns: Columns) -> CTE:
    rows = list(zip(*(map(_as_text, values) for _, _, values in columns), strict=True))
    each = func.json_each(bindparam(None, rows, type_=JSON())).table_valued("value", name=f"{name}_rows")
    values = (
        type_coerce(func.json_extract(each.c.value, f"$[{place}]"), kind).label(one)
        for place, (one, kind, _) in enumerate(columns)
    )
    return select(*values).cte(name)


def _as_text(value: Any) -> Any:
    """Return days and instants as SQLite's columns hold them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(SQLITE_INSTANT_FORMAT)
    return value.isoformat() if isinstance(value, date) else value
