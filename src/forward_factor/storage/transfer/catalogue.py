"""What a store holds, as a move sees it: tables, columns, their kinds and keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Double, Integer, SmallInteger, String, Table
from sqlalchemy.types import TypeEngine

from forward_factor.errors import SchemaMismatch
from forward_factor.storage.tables import Base
from forward_factor.storage.transfer.legacy import LEGACY_KEYS, LEGACY_TABLES
from forward_factor.storage.types import UtcDateTime


class Kind(StrEnum):
    """What a value is, whatever store holds it."""

    TEXT = "text"
    JSON = "json"
    NUMBER = "number"
    WHOLE = "whole number"
    TRUTH = "truth"
    INSTANT = "instant"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column.

    Attributes:
        oid: PostgreSQL's number for its type.
        width: bytes of a value on PostgreSQL's wire, 0 where it varies.

    """

    name: str
    kind: Kind
    oid: int
    width: int
    is_nullable: bool


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table of a source.

    Attributes:
        columns: columns of fixed width first, as rows are sent and digested.
        key: names of the columns that make a row unique.
        time: the column a time series is cut by, None in plain tables.
        is_history: rows of earlier moves; a target's own are not part of it.

    """

    name: str
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]
    time: str | None
    is_history: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in their order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> ColumnSpec:
        """Return one column by name."""
        return self.columns[self.names.index(name)]


_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind, int, int], ...] = (
    (UtcDateTime, Kind.INSTANT, 1184, 8),
    (BigInteger, Kind.WHOLE, 20, 8),
    (SmallInteger, Kind.WHOLE, 21, 2),
    (Integer, Kind.WHOLE, 23, 4),
    (Double, Kind.NUMBER, 701, 8),
    (Boolean, Kind.TRUTH, 16, 1),
    (Date, Kind.DAY, 1082, 4),
    (JSON, Kind.JSON, 114, 0),
    (String, Kind.TEXT, 1043, 0),
)
_TIME_COLUMNS = ("as_of_ts", "timestamp")
_TIME_SERIES = ("signals", "option_chain_snapshots", "option_quotes", "term_structure", "candidates", "ohlcv_bars")
_UNKEYED = {"option_quotes": ("ticker", "as_of_ts", "provider", "expiry", "option_right", "strike", "occurrence")}
NEW_UNIQUE = {"option_chain_snapshots": ("ticker", "as_of_ts", "provider")}
"""By table, the unique key of our schema that the old bot's did not have."""
HISTORY = ("transfer_sources", "transfer_quarantine", "transfer_originals")
LOCAL = ("transfer_runs", "transfer_ranges")
"""A store's own ledger; it says nothing about any other store."""
_PEOPLE_FIRST = ("users", "signals", "option_chain_snapshots", "option_quotes")


def own_catalogue() -> tuple[TableSpec, ...]:
    """Return all tables of this version's schema: users before what refers to them, big ones early."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in LOCAL]
    tables.sort(key=lambda one: _PEOPLE_FIRST.index(one.name) if one.name in _PEOPLE_FIRST else len(_PEOPLE_FIRST))
    return tuple(_spec(table, table.columns.keys()) for table in tables)


def legacy_catalogue() -> tuple[TableSpec, ...]:
    """Return the old bot's tables with the old bot's columns; types and order are those of ``own_catalogue``."""
    return tuple(
        _spec(Base.metadata.tables[table.name], LEGACY_TABLES[table.name], LEGACY_KEYS[table.name])
        for table in own_catalogue()
        if table.name in LEGACY_TABLES
    )


def require_mapped(tables: Sequence[TableSpec], found: Mapping[str, Sequence[str]]) -> None:
    """Raise SchemaMismatch where the source holds tables or columns the catalogue does not know, or lacks some.

    Args:
        tables: the catalogue.
        found: the columns of every table that is really there.

    """
    known = {table.name: set(table.names) for table in tables}
    faults = [f"table {name} is not in the catalogue" for name in sorted(set(found) - set(known))]
    faults += [f"table {name} is missing" for name in sorted(set(known) - set(found))]
    for name in sorted(set(known) & set(found)):
        faults += [f"column {name}.{one} is not in the catalogue" for one in sorted(set(found[name]) - known[name])]
        faults += [f"column {name}.{one} is missing" for one in sorted(known[name] - set(found[name]))]
    if faults:
        raise SchemaMismatch(f"the source is not as expected, nothing was copied: {'; '.join(faults)}")


def _spec(table: Table, names: Sequence[str], key: tuple[str, ...] | None = None) -> TableSpec:
    columns = sorted((_column(table.c[name]) for name in names), key=lambda one: not one.width)
    if key is None:
        key = _UNKEYED.get(table.name) or tuple(table.primary_key.columns.keys())
    times = [name for name in _TIME_COLUMNS if name in table.c] if table.name in _TIME_SERIES else []
    return TableSpec(table.name, tuple(columns), key, times[0] if times else None, table.name in HISTORY)


def _column(column: Column[object]) -> ColumnSpec:
    for sql_type, kind, oid, width in _KINDS:
        if isinstance(column.type, sql_type):
            return ColumnSpec(column.name, kind, oid, width, bool(column.nullable))
    raise SchemaMismatch(f"column {column.table.name}.{column.name} has a type no move knows: {column.type}")
