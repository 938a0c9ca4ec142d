"""Watchlists, and what follows from them: how many active users watch each ticker, and its tier.

Whoever changes a watchlist, or what decides about tiers, first locks the user, then the tickers in order, then counts
anew. So changes of one ticker come one after the other, each sees those before it, and no two wait for one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.errors import NotFound
from forward_factor.services.views import WatchedTicker
from forward_factor.storage import bulk
from forward_factor.storage.repositories.tiers import SqlTierRepository
from forward_factor.storage.tables import MasterTicker, Subscription, User, table_of


class SqlWatchlistRepository:
    """Watchlists on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._users = table_of(User)
        self._watched = table_of(Subscription)
        self._tickers = table_of(MasterTicker)
        self._tiers = SqlTierRepository(connection)

    async def add(self, user_id: str, tickers: Sequence[str], added_at: datetime) -> Sequence[str]:
        """Put tickers on a user's watchlist; return those that were not on it."""
        await self._lock_user(user_id)
        wanted = sorted(set(tickers))
        await bulk.insert_columns(
            self._connection, self._tickers, {"ticker": wanted, "active_subscriber_count": [0] * len(wanted)}
        )
        await self._lock_tickers(wanted)
        there = set(await self._names(self._on_list(user_id).where(self._watched.c.ticker.in_(wanted))))
        new = [ticker for ticker in wanted if ticker not in there]
        await self._set_active(user_id, new, active=True, added_at=added_at)
        alike: dict[str, Any] = {"user_id": user_id, "active": True, "added_at": added_at}
        columns = {name: [value] * len(new) for name, value in alike.items()}
        await bulk.insert_columns(self._connection, self._watched, {"ticker": new, **columns})
        await self._tiers.recompute(wanted, added_at)
        return new

    async def remove(self, user_id: str, tickers: Sequence[str]) -> Sequence[str]:
        """Take tickers, in whatever case they were stored, off a user's watchlist; return those that were on it."""
        await self._lock_user(user_id)
        on_list = self._on_list(user_id).where(func.upper(self._watched.c.ticker).in_(sorted(set(tickers))))
        there = sorted(await self._names(on_list))
        await self._lock_tickers(there)
        await self._set_active(user_id, there, active=False)
        await self._tiers.recompute(there)
        return there

    async def of_user(self, user_id: str) -> Sequence[WatchedTicker]:
        """Return a user's watchlist, by ticker."""
        known = self._tickers
        statement = (
            self._on_list(user_id)
            .add_columns(self._watched.c.added_at, known.c.scan_tier, known.c.last_scan_at)
            .outerjoin_from(self._watched, known, known.c.ticker == self._watched.c.ticker)
        )
        rows = (await self._connection.execute(statement)).all()
        watched = (
            WatchedTicker(ticker=name, added_at=at, tier=tier, last_scan_at=last) for name, at, tier, last in rows
        )
        return sorted(watched, key=lambda one: one.ticker)

    async def watched_by_any(self) -> Sequence[str]:
        """Return the tickers that active users watch, in order."""
        master = table_of(MasterTicker)
        watched = select(master.c.ticker).where(master.c.active_subscriber_count > 0).order_by(master.c.ticker)
        return (await self._connection.execute(watched)).scalars().all()

    async def recount(self, user_id: str) -> None:
        """Count anew who watches the tickers of a user, and how urgently, after a change of status or settings."""
        await self._lock_user(user_id)
        await self.recount_tickers(await self._names(self._on_list(user_id)))

    async def recount_tickers(self, tickers: Sequence[str]) -> None:
        """Count anew who watches ``tickers``, and how urgently."""
        in_order = sorted(set(tickers))
        await self._lock_tickers(in_order)
        await self._tiers.recompute(in_order)

    def _on_list(self, user_id: str) -> Select[Any]:
        watched = self._watched
        return select(watched.c.ticker).where(watched.c.user_id == user_id, watched.c.active.is_(True))

    async def _names(self, statement: Select[Any]) -> Sequence[str]:
        names: Sequence[str] = (await self._connection.execute(statement)).scalars().all()
        return names

    async def _lock_user(self, user_id: str) -> None:
        statement = select(self._users.c.id).where(self._users.c.id == user_id).with_for_update(key_share=True)
        if not await self._names(statement):
            raise NotFound("there is no such account any more")

    async def _lock_tickers(self, tickers: Sequence[str]) -> None:
        table = self._tickers
        in_order = select(table.c.ticker).where(table.c.ticker.in_(tickers)).order_by(table.c.ticker)
        await self._connection.execute(in_order.with_for_update(key_share=True))

    async def _set_active(self, user_id: str, tickers: Sequence[str], *, active: bool, **more: datetime) -> None:
        watched = self._watched
        of_user = update(watched).where(watched.c.user_id == user_id, watched.c.ticker.in_(tickers))
        await self._connection.execute(of_user.values(active=active, **more))
