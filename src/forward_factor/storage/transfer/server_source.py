"""A PostgreSQL or TimescaleDB store as the source of a move: one snapshot, read in the order of its keys."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import asyncpg
import numpy as np

from forward_factor.errors import SchemaMismatch
from forward_factor.storage.schema import newest_level
from forward_factor.storage.transfer.catalogue import (
    LOCAL,
    ColumnSpec,
    Kind,
    TableSpec,
    legacy_catalogue,
    own_catalogue,
    require_mapped,
)
from forward_factor.storage.transfer.pacing import FIRST_FETCH, MOST_BYTES, MOST_ROWS, next_fetch
from forward_factor.storage.transfer.values import Batch, Raw, Values

# The job queue is no part of a store: its jobs are made anew from what is due.
_COLUMNS = """
SELECT c.relname AS table_name, a.attname AS column_name
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname !~ '^pgqueuer'
   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 1, a.attnum
"""
Record = Sequence[Any]


@dataclass(slots=True)
class ServerSource:
    """An open snapshot of a server's store; ``tables`` are those that are read, all or the old bot's alone."""

    identity: str
    level: str
    tables: tuple[TableSpec, ...]
    connection: asyncpg.Connection
    size: int
    schema: list[str] = field(default_factory=list)
    sparse_instants: dict[str, frozenset[str]] = field(default_factory=dict)
    is_legacy: bool = False

    async def fetch(self, statement: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Run a query on the snapshot."""
        rows: Sequence[Sequence[Any]] = await self.connection.fetch(statement, *values)
        return rows

    async def row_counts(self) -> dict[str, int]:
        """Return the exact number of rows of every table."""
        return {
            table.name: await self.connection.fetchval(f'SELECT count(*) FROM "{table.name}"') for table in self.tables
        }

    async def batches(self, table: TableSpec) -> AsyncIterator[Batch]:
        """Yield the rows of a table in ranges of its order."""
        order = ", ".join(_ordered(table, name) for name in _order(table))
        columns = ", ".join(f'"{name}"' for name in table.names)
        statement = f'SELECT {columns} FROM "{table.name}" ORDER BY {order}'
        rows: list[Record] = []
        size, wanted = 0, FIRST_FETCH
        cursor = await self.connection.cursor(statement)
        while some := await cursor.fetch(wanted):
            rows += some
            size += (fetched := sum(_size(table, row) for row in some))
            if len(rows) >= MOST_ROWS or size >= MOST_BYTES:
                yield _batch(table, rows, size)
                rows, size = [], 0
            wanted = next_fetch(len(some), fetched, MOST_ROWS - len(rows))
        if rows:
            yield _batch(table, rows, size)


@asynccontextmanager
async def open_server_source(
    connection: asyncpg.Connection, identity: str, *, legacy_only: bool
) -> AsyncIterator[ServerSource]:
    """Begin a snapshot on ``connection`` and check that all that is there is known.

    Raises:
        SchemaMismatch: the store is not at this version's schema, or holds more than it knows.

    """
    await _use_plain_values(connection)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await check_server_source(connection)
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        tables = legacy_catalogue() if legacy_only else own_catalogue()
        yield ServerSource(identity, newest_level(), tables, connection, size)


async def check_server_source(connection: asyncpg.Connection) -> None:
    """Look whether a store is one that can be moved.

    Raises:
        SchemaMismatch: it is not.

    """
    await _require_level(connection)
    found: dict[str, list[str]] = {}
    for table, column in await connection.fetch(_COLUMNS):
        found.setdefault(table, []).append(column)
    for name in ("alembic_version", *LOCAL):
        found.pop(name, None)
    require_mapped(own_catalogue(), found)


async def _require_level(connection: asyncpg.Connection) -> None:
    has_level = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
    level = await connection.fetchval("SELECT max(version_num) FROM alembic_version") if has_level else None
    if level != newest_level():
        raise SchemaMismatch(
            f"the source's schema is at {ascii(level)[:40] if level else 'nothing'}, this version's is "
            f"{newest_level()}: bring the source there with `db upgrade`, or use the version it is of"
        )


async def _use_plain_values(connection: asyncpg.Connection) -> None:
    """Have instants and days as the numbers that are on the wire."""
    for name in ("timestamptz", "date"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_as_is, decoder=_only, format="tuple")


def _as_is(value: Any) -> Any:
    return value


def _only(value: tuple[int]) -> int:
    return value[0]


def _order(table: TableSpec) -> tuple[str, ...]:
    if table.time is None:
        return table.key
    return (table.time, *(name for name in table.key if name != table.time))


def _ordered(table: TableSpec, name: str) -> str:
    """Return a column to sort by; varchars in compressed chunks cannot be (see migration 0003), texts can."""
    is_varchar = table.time is not None and table.column(name).kind is Kind.TEXT
    return f'"{name}"::text' if is_varchar else f'"{name}"'


def _size(table: TableSpec, row: Record) -> int:
    return sum(8 if spec.width else len(value or "") for spec, value in zip(table.columns, row, strict=True))


def _batch(table: TableSpec, rows: Sequence[Record], size: int) -> Batch:
    columns = list(zip(*rows, strict=True))
    keys = list(zip(*(columns[table.names.index(name)] for name in _order(table)), strict=True))
    places = [json.dumps(key, ensure_ascii=False) for key in keys]
    values = tuple(_values(spec, column) for spec, column in zip(table.columns, columns, strict=True))
    return Batch(table, places[0], values, places, size=size)


def _values(spec: ColumnSpec, column: Sequence[Raw | date | datetime]) -> Values:
    if not spec.width:
        return Values(texts=list(column))  # type: ignore[arg-type]
    dtype = np.float64 if spec.kind is Kind.NUMBER else np.int64
    if None not in column:
        return Values(None, np.array(column, dtype=dtype))
    missing = np.array([value is None for value in column])
    return Values(None, np.array([0 if value is None else value for value in column], dtype=dtype), missing)
