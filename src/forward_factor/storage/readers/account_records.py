"""All rows of one account."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import Table

from forward_factor.services.ports.account_records import TableRows
from forward_factor.storage.account_rows import SECRET_COLUMNS, is_of, personal_tables
from forward_factor.storage.faults import translated_faults


class SqlAccountRecords:
    """Reads the rows of an account on any of the three stores, all in one transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def of_user(self, user_id: str) -> Sequence[TableRows]:
        """Return the rows of an account in every table that may have some; the account's own row comes first."""
        with translated_faults():
            async with self._engine.connect() as connection:
                return [await _rows(connection, table, user_id) for table in personal_tables()]


async def _rows(connection: AsyncConnection, table: Table, user_id: str) -> TableRows:
    columns = [column for column in table.columns if column.name not in SECRET_COLUMNS]
    statement = select(*columns).where(is_of(table, user_id)).order_by(*table.primary_key.columns)
    rows = [tuple(row) for row in (await connection.execute(statement)).all()]
    return TableRows(table.name, tuple(column.name for column in columns), rows)
