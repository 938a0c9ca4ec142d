"""The facts of a signal, copied into the decisions that refer to it, so that retention may take the signal."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import JSON, BindParameter, Boolean, Column, Date, Double, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.storage.tables import Signal, table_of
from forward_factor.storage.types import UtcDateTime

_COLUMNS = tuple(table_of(Signal).columns)
_LACKING = "d.signal_id IS NOT NULL AND (d.signal_facts IS NULL OR CAST(d.signal_facts AS varchar) = 'null')"
# An id has one instant; were there several, the latest would count, on every store.
_LATEST = "NOT EXISTS (SELECT 1 FROM signals later WHERE later.id = s.id AND later.as_of_ts > s.as_of_ts)"
_FILL = """
UPDATE signal_user_decisions AS d
   SET signal_ticker = s.ticker, signal_as_of_ts = s.as_of_ts, signal_facts = {facts}
  FROM {signals} AS s
 WHERE d.signal_id = s.id AND {which}
"""


async def fill_decision_facts(connection: AsyncConnection) -> int:
    """Copy ticker, instant and all columns of its signal into every decision that has a signal but no facts of it.

    The facts are one JSON object, by column: instants as ISO 8601 in UTC with microseconds, days as ISO dates,
    numbers in full, null for what is missing or not finite. A decision whose signal is gone stays as it is.

    Returns:
        The number of decisions filled; the transaction is the caller's to commit.

    """
    return (await connection.execute(text(await _statement(connection, _LACKING, _WANTED)))).rowcount


async def copy_signal_facts(
    connection: AsyncConnection, decision_id: str, signal_id: str, as_of: datetime | None = None
) -> bool:
    """Copy the same facts of one signal into one decision; return whether the signal is still there.

    Its instant, where it is known, leads a hypertable to the one chunk to look into.
    """
    only = "id = :signal_id"
    values: list[BindParameter[Any]] = [bindparam("decision_id", decision_id), bindparam("signal_id", signal_id)]
    if as_of is not None and connection.dialect.name != "sqlite":
        only += " AND as_of_ts = :as_of"
        values.append(bindparam("as_of", as_of, type_=UtcDateTime))
    statement = text(await _statement(connection, "d.id = :decision_id", only)).bindparams(*values)
    return (await connection.execute(statement)).rowcount == 1


async def _statement(connection: AsyncConnection, which: str, wanted: str) -> str:
    """Return the statement that fills the decisions ``which`` from the signals ``wanted``."""
    if connection.dialect.name == "sqlite":
        await _teach_sqlite(connection)
        listed = ", ".join(f's."{column.name}"' for column in _COLUMNS)
        facts, signals = f"signal_facts({listed})", f"(SELECT * FROM signals WHERE {wanted})"
        return _FILL.format(facts=facts, signals=signals, which=f"{which} AND {_LATEST}")
    listed = ", ".join(f"'{column.name}', {_as_json(column)}" for column in _COLUMNS)
    latest = f"(SELECT DISTINCT ON (id) * FROM signals WHERE {wanted} ORDER BY id, as_of_ts DESC)"
    return _FILL.format(facts=f"json_build_object({listed})", signals=latest, which=which)


_WANTED = f"id IN (SELECT d.signal_id FROM signal_user_decisions d WHERE {_LACKING})"


def _as_json(column: Column[Any]) -> str:
    """Return the PostgreSQL expression of one value of the object."""
    name = f's."{column.name}"'
    if isinstance(column.type, UtcDateTime):
        return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US"Z"')"""
    if isinstance(column.type, Double):
        return f"nullif(nullif(nullif({name}, 'NaN'), 'Infinity'), '-Infinity')"
    return name


async def _teach_sqlite(connection: AsyncConnection) -> None:
    """Give SQLite a function for the object; its own would round numbers and write an infinite one as no JSON."""
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.create_function("signal_facts", len(_COLUMNS), _object, deterministic=True)


def _object(*values: Any) -> str:
    facts = {name: None if value is None else read(value) for (name, read), value in zip(_READERS, values, strict=True)}
    return msgspec.json.encode(facts).decode()


def _reader(column: Column[Any]) -> Callable[[Any], object]:
    if isinstance(column.type, UtcDateTime):
        return _instant
    if isinstance(column.type, Boolean):
        return bool
    if isinstance(column.type, JSON):
        return _json
    if isinstance(column.type, Date):
        return str
    return _finite


def _instant(stored: str) -> str:
    return f"{datetime.fromisoformat(stored).replace(tzinfo=None):%Y-%m-%dT%H:%M:%S.%f}Z"


def _json(stored: str) -> object:
    try:
        return msgspec.json.decode(stored)
    except msgspec.DecodeError:
        return stored


def _finite(stored: object) -> object:
    return None if isinstance(stored, float) and not math.isfinite(stored) else stored


_READERS = tuple((column.name, _reader(column)) for column in _COLUMNS)
