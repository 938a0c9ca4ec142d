"""Announcements: one row a ticker and date, the latest word on it, and all words beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Row, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.earnings_words import EarningsHistory, EarningsWord
from forward_factor.storage import bulk
from forward_factor.storage.tables import EarningsEventRow, table_of
from forward_factor.storage.tables import EarningsWord as EarningsWordRow

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
                found[row.ticker].append(_event(row))
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

    async def note(self, words: Sequence[EarningsWord]) -> None:
        """Keep words as they were said, beside what they come to; the same one twice is one."""
        latest = list({(one.event.ticker, one.event.date, one.said_at): one for one in words}.values())
        for some in _chunks(latest):
            columns = _columns([one.event for one in some])
            columns |= {"said_at": [one.said_at for one in some], "is_withdrawn": [one.is_withdrawn for one in some]}
            await bulk.insert_columns(self._connection, table_of(EarningsWordRow), columns)

    async def histories(self, tickers: Sequence[str]) -> Mapping[str, EarningsHistory]:
        """Return all that was ever said of ``tickers``, of those of which anything was."""
        stored, table = await self.of_tickers(tickers), table_of(EarningsWordRow)
        words: dict[str, list[EarningsWord]] = defaultdict(list)
        for some in _chunks(sorted(set(tickers))):
            for row in (await self._connection.execute(select(table).where(table.c.ticker.in_(some)))).all():
                words[row.ticker].append(EarningsWord(_event(row), row.said_at, row.is_withdrawn))
        return {ticker: EarningsHistory(stored.get(ticker, ()), words.get(ticker, ())) for ticker in {*stored, *words}}

    async def _delete(self, events: Sequence[EarningsEvent]) -> None:
        table = table_of(EarningsEventRow)
        keys = [(event.ticker, event.date) for event in events]
        await self._connection.execute(delete(table).where(tuple_(table.c.ticker, table.c.announced_on).in_(keys)))

    async def _replace(self, events: Sequence[EarningsEvent]) -> None:
        await self._delete(events)
        await bulk.insert_columns(self._connection, table_of(EarningsEventRow), _columns(events))


def _event(row: Row[Any]) -> EarningsEvent:
    return EarningsEvent(row.ticker, row.announced_on, Timing(row.timing), row.is_confirmed, row.source)


def _columns(events: Sequence[EarningsEvent]) -> dict[str, Sequence[Any]]:
    return {
        "ticker": [event.ticker for event in events],
        "announced_on": [event.date for event in events],
        "timing": [event.timing.value for event in events],
        "is_confirmed": [event.is_confirmed for event in events],
        "source": [event.source for event in events],
    }


def _chunks(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start : start + _ROWS_A_STATEMENT] for start in range(0, len(items), _ROWS_A_STATEMENT)]
