"""Columns into tables, many rows a statement: ``unnest`` and COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Column, ColumnElement, Date, Dialect, String, Table, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.storage.copy_format import SIGNATURE, TRAILER
from forward_factor.storage.types import UtcDateTime

Values = Sequence[Any]
_DO_NOTHING = "ON CONFLICT DO NOTHING"
SQLITE_MOST_PARAMETERS = 32_766
"""In one statement, by SQLite's own default."""


async def insert_columns(connection: AsyncConnection, table: Table, columns: Mapping[str, Values]) -> None:
    """Insert one row for each entry of ``columns``; a row whose key is there already changes nothing."""
    names, bound = _bind(table, columns, connection.dialect)
    if not bound or not bound[0]:
        return
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(_insert_from_unnest(table, names, connection.dialect), tuple(bound))
    else:
        await connection.exec_driver_sql(_insert_values(table, names), list(zip(*bound, strict=True)))


async def insert_new(
    connection: AsyncConnection, table: Table, columns: Mapping[str, Values], key: Sequence[str]
) -> list[int]:
    """Insert like ``insert_columns`` and return the places of the rows whose ``key`` was not there before."""
    names, bound = _bind(table, columns, connection.dialect)
    if not bound or not bound[0]:
        return []
    returning = f" RETURNING {_listed(key)}"
    if connection.dialect.name == "postgresql":
        statement = _insert_from_unnest(table, names, connection.dialect) + returning
        new = set(await _all(connection, statement, tuple(bound)))
    else:
        new = await _insert_values_returning(connection, table, names, bound, returning)
    keys = zip(*(bound[names.index(name)] for name in key), strict=True)
    return [place for place, values in enumerate(keys) if values in new]


async def replace_columns(connection: AsyncConnection, table: Table, columns: Mapping[str, Values]) -> None:
    """Insert one row for each entry of ``columns``; a row whose primary key is there already gets the new values."""
    names, bound = _bind(table, columns, connection.dialect)
    if not bound or not bound[0]:
        return
    key = [column.name for column in table.primary_key]
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in key)
    instead = f"ON CONFLICT ({_listed(key)}) DO UPDATE SET {changed}"
    if connection.dialect.name == "postgresql":
        statement = _insert_from_unnest(table, names, connection.dialect)
        await connection.exec_driver_sql(statement.replace(_DO_NOTHING, instead), tuple(bound))
    else:
        statement = _insert_values(table, names).replace(_DO_NOTHING, instead)
        await connection.exec_driver_sql(statement, list(zip(*bound, strict=True)))


async def copy_rows(connection: AsyncConnection, table: Table, names: Sequence[str], rows: Iterable[bytes]) -> None:
    """Send rows in binary COPY format, within the connection's transaction; PostgreSQL only.

    Each of ``rows`` is taken when the one before is on its way, so an iterator encodes while the server stores.
    """

    async def stream() -> AsyncIterator[bytes]:
        yield SIGNATURE
        for part in rows:
            yield part
        yield TRAILER

    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_to_table(table.name, source=stream(), columns=list(names), format="binary")


def among(column: ColumnElement[str], names: Iterable[str], dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that a text column is one of ``names``: one parameter, however many they are."""
    if dialect.name == "postgresql":
        return column == any_(bindparam(None, list(names), type_=ARRAY(String), unique=True))
    listed = func.json_each(msgspec.json.encode(list(names)).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


def _bind(table: Table, columns: Mapping[str, Values], dialect: Dialect) -> tuple[list[str], list[list[Any]]]:
    return list(columns), [_bound(table.c[name], values, dialect) for name, values in columns.items()]


def _bound(column: Column[Any], values: Values, dialect: Dialect) -> list[Any]:
    """Return ``values`` as the driver takes them; days and instants repeat, so each is converted once."""
    processor = column.type.dialect_impl(dialect).bind_processor(dialect)
    if processor is None:
        return list(values)
    if isinstance(column.type, (Date, UtcDateTime)):
        known = {value: processor(value) for value in set(values)}
        return [known[value] for value in values]
    return [processor(value) for value in values]


def _insert_from_unnest(table: Table, names: Sequence[str], dialect: Dialect) -> str:
    arrays = ", ".join(
        f"${number}::{ARRAY(table.c[name].type).compile(dialect)}" for number, name in enumerate(names, start=1)
    )
    listed = _listed(names)
    return f"INSERT INTO {table.name} ({listed}) SELECT * FROM unnest({arrays}) {_DO_NOTHING}"


def _insert_values(table: Table, names: Sequence[str], row_count: int = 1) -> str:
    row = f"({', '.join('?' for _ in names)})"
    rows = ", ".join(row for _ in range(row_count))
    return f"INSERT INTO {table.name} ({_listed(names)}) VALUES {rows} {_DO_NOTHING}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


async def _insert_values_returning(
    connection: AsyncConnection, table: Table, names: Sequence[str], bound: Sequence[Values], returning: str
) -> set[tuple[Any, ...]]:
    """Insert as many rows a statement as SQLite takes: executemany would return nothing."""
    rows = list(zip(*bound, strict=True))
    most = SQLITE_MOST_PARAMETERS // len(names)
    new: set[tuple[Any, ...]] = set()
    for start in range(0, len(rows), most):
        some = rows[start : start + most]
        statement = _insert_values(table, names, len(some)) + returning
        new |= set(await _all(connection, statement, tuple(chain.from_iterable(some))))
    return new


async def _all(connection: AsyncConnection, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in (await connection.exec_driver_sql(statement, parameters)).all()]
