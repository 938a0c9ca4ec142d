"""What was fetched of events, and for whom: one row a provider, kind and ticker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.services.ports.events import EventFetch, EventKind
from forward_factor.storage import bulk
from forward_factor.storage.adjustment_rows import DECISIONS, is_open_decision
from forward_factor.storage.tables import EventFetch as EventFetchRow
from forward_factor.storage.tables import MasterTicker, UniverseMember, table_of

_TABLE = table_of(EventFetchRow)


class SqlEventFetchRepository:
    """Fetches on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def latest(self, provider: str, tickers: Sequence[str]) -> Mapping[tuple[EventKind, str], EventFetch]:
        """Return the last fetch of each kind and ticker that was ever asked for."""
        of_these = bulk.among(_TABLE.c.ticker, sorted(set(tickers)), self._connection.dialect)
        rows = (await self._connection.execute(select(_TABLE).where(_TABLE.c.provider == provider, of_these))).all()
        found = [
            EventFetch(
                provider=row.provider,
                kind=EventKind(row.kind),
                ticker=row.ticker,
                start=row.start_on,
                end=row.end_on,
                fetched_at=row.fetched_at,
                events=row.events,
                failure=row.failure,
            )
            for row in rows
        ]
        return {(one.kind, one.ticker): one for one in found}

    async def put(self, fetches: Sequence[EventFetch]) -> None:
        """Store fetches in place of earlier ones of the same provider, kind and ticker."""
        latest = list({(one.provider, one.kind, one.ticker): one for one in fetches}.values())
        columns: dict[str, Sequence[Any]] = {
            "provider": [one.provider for one in latest],
            "kind": [one.kind.value for one in latest],
            "ticker": [one.ticker for one in latest],
            "start_on": [one.start for one in latest],
            "end_on": [one.end for one in latest],
            "fetched_at": [one.fetched_at for one in latest],
            "events": [one.events for one in latest],
            "failure": [one.failure for one in latest],
        }
        await bulk.replace_columns(self._connection, _TABLE, columns)

    async def wanted_tickers(self) -> Sequence[str]:
        """Return the tickers that active users watch or hold and those of the universe, in order."""
        watched, universe = table_of(MasterTicker), table_of(UniverseMember)
        wanted = union(
            select(watched.c.ticker).where(watched.c.active_subscriber_count > 0),
            select(func.upper(DECISIONS.c.signal_ticker)).where(
                is_open_decision(), DECISIONS.c.signal_ticker.is_not(None)
            ),
            select(universe.c.ticker).where(universe.c.is_member.is_(True)),
        )
        return sorted((await self._connection.execute(wanted)).scalars().all())
