"""The liquid universe, one row a ticker that was considered for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.universe import Traded, UniverseEntry
from forward_factor.services.ports.universe import StoredUniverse
from forward_factor.storage import bulk
from forward_factor.storage.tables import UniverseMember, table_of

NEVER = date(1970, 1, 1)
"""The refresh of a row that no refresh has written: only its check is of use."""


class SqlUniverseRepository:
    """The universe on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(UniverseMember)

    async def read(self) -> StoredUniverse:
        """Return all of it, by rank."""
        table = self._table
        rows = (await self._connection.execute(select(table).order_by(table.c.rank, table.c.ticker))).all()
        refreshed_on = max((row.refreshed_on for row in rows), default=NEVER)
        entries = [
            UniverseEntry(
                ticker=row.ticker,
                rank=row.rank,
                dollar_volume=row.dollar_volume,
                is_optionable=row.is_optionable,
                checked_on=row.optionable_checked_on,
                is_member=row.is_member,
            )
            for row in rows
        ]
        return StoredUniverse(entries, None if refreshed_on == NEVER else refreshed_on)

    async def remember(self, traded: Sequence[Traded], optionable: Mapping[str, bool], checked_on: date) -> None:
        """Store which of ``traded`` have options; of rows that are there nothing else changes."""
        found = [one for one in traded if one.ticker in optionable]
        await self._insert([UniverseEntry(one.ticker, one.rank, one.dollar_volume, None, None, False) for one in found])
        for answer in (True, False):
            tickers = [one.ticker for one in found if optionable[one.ticker] is answer]
            statement = update(self._table).where(self._table.c.ticker.in_(tickers))
            await self._connection.execute(statement.values(is_optionable=answer, optionable_checked_on=checked_on))

    async def replace(self, entries: Sequence[UniverseEntry], refreshed_on: date) -> None:
        """Store a universe in place of the one before."""
        await self.clear()
        await self._insert(entries, refreshed_on)

    async def clear(self) -> None:
        """Forget all of it."""
        await self._connection.execute(delete(self._table))

    async def _insert(self, entries: Sequence[UniverseEntry], refreshed_on: date = NEVER) -> None:
        columns: dict[str, list[Any]] = {
            "ticker": [one.ticker for one in entries],
            "dollar_volume": [one.dollar_volume for one in entries],
            "rank": [one.rank for one in entries],
            "is_optionable": [one.is_optionable for one in entries],
            "optionable_checked_on": [one.checked_on for one in entries],
            "is_member": [one.is_member for one in entries],
            "refreshed_on": [refreshed_on] * len(entries),
        }
        await bulk.insert_columns(self._connection, self._table, columns)
