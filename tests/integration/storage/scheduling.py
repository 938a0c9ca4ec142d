"""What the tests of the scan loop share: watched tickers without users, a queue that only remembers, slots as rows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select, update

from forward_factor.core.tiers import Tier
from forward_factor.services.ports.jobs import ScanHandler
from forward_factor.storage.store import Store
from forward_factor.storage.tables import MasterTicker, ScanSlot, UniverseMember, table_of


class SlotRow(NamedTuple):
    """A slot as it is stored."""

    ticker: str
    due_at: datetime
    cause: str
    tier: str
    state: str
    starts: int
    reason: str | None


@dataclass
class RememberingQueue:
    """A queue nobody serves."""

    waiting: dict[str, int] = field(default_factory=dict)

    async def put(self, priorities: Mapping[str, int]) -> int:
        new = {ticker: priority for ticker, priority in priorities.items() if ticker not in self.waiting}
        self.waiting |= new
        return len(new)

    async def serve(self, handle: ScanHandler, stop: asyncio.Event, *, at_once: int) -> None:
        await stop.wait()

    async def tidy(self) -> None: ...


async def watch(store: Store, tickers: Mapping[str, Tier | str | None], watchers: int | None = 1) -> None:
    """Store tickers that somebody watches, at their tiers."""
    rows = [
        {"ticker": ticker, "active_subscriber_count": watchers, "scan_tier": tier} for ticker, tier in tickers.items()
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(MasterTicker)), rows)


async def rise(store: Store, ticker: str) -> None:
    """Put a ticker into the high tier."""
    table = table_of(MasterTicker)
    async with store.engine.begin() as connection:
        await connection.execute(update(table).where(table.c.ticker == ticker).values(scan_tier=Tier.HIGH.value))


async def list_as_liquid(store: Store, *tickers: str, is_member: bool = True) -> None:
    """Store tickers of the liquid universe."""
    day = datetime(2026, 6, 1).date()
    rows = [
        {"ticker": ticker, "dollar_volume": 1e9, "rank": place, "is_member": is_member, "refreshed_on": day}
        for place, ticker in enumerate(tickers)
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(UniverseMember)), rows)


async def slots(store: Store) -> Sequence[SlotRow]:
    """Return all slots, in order."""
    table = table_of(ScanSlot)
    columns = [table.c[name] for name in SlotRow._fields]
    async with store.engine.connect() as connection:
        rows = (await connection.execute(select(*columns).order_by(table.c.ticker, table.c.due_at))).all()
    return [SlotRow(*row) for row in rows]
