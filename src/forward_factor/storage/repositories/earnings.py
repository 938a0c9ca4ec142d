"""Announcements: one row a ticker and date, the latest word on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.storage import bulk
from forward_factor.storage.tables import EarningsEventRow, table_of

Item = TypeVar("Item")
_ROWS_A_STATEMENT = 1_000


class SqlEarningsRepository:
    """Announcements on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[EarningsEvent, ...]]:
        """Return all known announcements of ``tickers``, by date."""
        table = table_of(EarningsEventRow)
        found: dict[str, list[EarningsEvent]] = defaultdict(list)
        for some in _chunks(sorted(set(tickers))):
            statement = select(table).where(table.c.ticker.in_(some)).order_by(table.c.ticker, table.c.announced_on)
            for row in (await self._connection.execute(statement)).all():
                found[row.ticker].append(
                    EarningsEvent(row.ticker, row.announced_on, Timing(row.timing), row.is_confirmed, row.source)
                )
        return {ticker: tuple(events) for ticker, events in found.items()}

    async def add(self, events: Sequence[EarningsEvent]) -> int:
        """Store announcements; a later word on the same ticker and date takes the place of the earlier."""
        latest = {(event.ticker, event.date): event for event in events}
        for keys in _chunks(sorted(latest)):
            await self._replace([latest[key] for key in keys])
        return len(latest)

    async def remove(self, events: Sequence[EarningsEvent]) -> None:
        """Forget announcements, by ticker and date."""
        for some in _chunks(events):
            await self._delete(some)

    async def _delete(self, events: Sequence[EarningsEvent]) -> None:
        table = table_of(EarningsEventRow)
        keys = [(event.ticker, event.date) for event in events]
        await self._connection.execute(delete(table).where(tuple_(table.c.ticker, table.c.announced_on).in_(keys)))

    async def _replace(self, events: Sequence[EarningsEvent]) -> None:
        table = table_of(EarningsEventRow)
        await self._delete(events)
        await bulk.insert_columns(
            self._connection,
            table,
            {
                "ticker": [event.ticker for event in events],
                "announced_on": [event.date for event in events],
                "timing": [event.timing.value for event in events],
                "is_confirmed": [event.is_confirmed for event in events],
                "source": [event.source for event in events],
            },
        )


def _chunks(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start : start + _ROWS_A_STATEMENT] for start in range(0, len(items), _ROWS_A_STATEMENT)]
