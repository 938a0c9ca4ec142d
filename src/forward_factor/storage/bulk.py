"""Columns into tables, many rows a statement: ``unnest`` and COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, Dialect, Row, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.storage.copy_format import SIGNATURE, TRAILER

Values = Sequence[Any]


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
    connection: AsyncConnection, table: Table, columns: Mapping[str, Values], returning: str
) -> set[Any]:
    """Insert like ``insert_columns`` and return column ``returning`` of the rows that were not there before."""
    names, bound = _bind(table, columns, connection.dialect)
    if not bound or not bound[0]:
        return set()
    if connection.dialect.name == "postgresql":
        statement = f"{_insert_from_unnest(table, names, connection.dialect)} RETURNING {returning}"
        return _first_values(await _all(connection, statement, tuple(bound)))
    statement = f"{_insert_values(table, names)} RETURNING {returning}"
    new: set[Any] = set()
    for row in zip(*bound, strict=True):
        new |= _first_values(await _all(connection, statement, row))
    return new


async def copy_rows(connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[bytes]) -> None:
    """Send rows in binary COPY format, within the connection's transaction; PostgreSQL only."""

    async def stream() -> AsyncIterator[bytes]:
        yield SIGNATURE
        for part in rows:
            yield part
        yield TRAILER

    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_to_table(table.name, source=stream(), columns=list(names), format="binary")


def _bind(table: Table, columns: Mapping[str, Values], dialect: Dialect) -> tuple[list[str], list[list[Any]]]:
    bound = []
    for name, values in columns.items():
        processor = _processor(table.c[name], dialect)
        bound.append(list(values) if processor is None else [processor(value) for value in values])
    return list(columns), bound


def _processor(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _insert_from_unnest(table: Table, names: Sequence[str], dialect: Dialect) -> str:
    arrays = ", ".join(
        f"${number}::{ARRAY(table.c[name].type).compile(dialect)}" for number, name in enumerate(names, start=1)
    )
    listed = _listed(names)
    return f"INSERT INTO {table.name} ({listed}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"


def _insert_values(table: Table, names: Sequence[str]) -> str:
    places = ", ".join("?" for _ in names)
    return f"INSERT INTO {table.name} ({_listed(names)}) VALUES ({places}) ON CONFLICT DO NOTHING"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


async def _all(connection: AsyncConnection, statement: str, parameters: tuple[Any, ...]) -> Sequence[Row[Any]]:
    return (await connection.exec_driver_sql(statement, parameters)).all()


def _first_values(rows: Sequence[Row[Any]]) -> set[Any]:
    return {row[0] for row in rows}
