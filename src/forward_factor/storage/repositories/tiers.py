"""Counts and tiers of watched tickers, for all of them in three statements.

Users of the same habits are counted together by the database; what the habits come to is said in the core.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Row, Select, String, column, exists, func, select, update, values
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import ACTIVE_STATUSES
from forward_factor.core.market_hours import Session, current_or_next_session
from forward_factor.core.tiers import Standing, standing_of, tier_of
from forward_factor.storage import bulk
from forward_factor.storage.settings_columns import selected, settings_of
from forward_factor.storage.tables import MasterTicker, Subscription, User, UserSettings, table_of
from forward_factor.storage.types import UtcDateTime

TICKERS_A_STATEMENT = 5_000
HABITS = ("scan_priority", "alerts_paused", "timezone", "quiet_hours")
DEFAULTS = AccountSettings()
Watchers = Mapping[Standing, int]


class _Change(NamedTuple):
    ticker: str
    users: int
    tier: str


class SqlTierRepository:
    """Tiers on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._tickers = table_of(MasterTicker)

    async def recompute(self, tickers: Sequence[str] | None = None, at: datetime | None = None) -> int:
        """Count the active watchers of ``tickers`` anew, set their tiers for the session at or after ``at``."""
        session = current_or_next_session(at or await self._now())
        rows = await self._all_locked() if tickers is None else await self._named(tickers)
        watchers = await self._watchers(tickers, session)
        changes = [change for row in rows if (change := _change(row, watchers.get(row.ticker, {}))) is not None]
        for start in range(0, len(changes), TICKERS_A_STATEMENT):
            await self._store(changes[start : start + TICKERS_A_STATEMENT])
        return len(changes)

    async def _all_locked(self) -> Sequence[Row[Any]]:
        """Return all tickers, those with them that the old bot's users watch and its list left out."""
        watched, table = table_of(Subscription), self._tickers
        unlisted = (
            select(watched.c.ticker)
            .distinct()
            .where(watched.c.active.is_(True), ~exists().where(table.c.ticker == watched.c.ticker))
        )
        names = sorted(row.ticker for row in await self._all(unlisted))
        await bulk.insert_columns(self._connection, table, {"ticker": names})
        return await self._all(self._known().order_by(table.c.ticker).with_for_update(key_share=True))

    async def _named(self, tickers: Sequence[str]) -> Sequence[Row[Any]]:
        return await self._all(
            self._known().where(bulk.among(self._tickers.c.ticker, tickers, self._connection.dialect))
        )

    def _known(self) -> Select[Any]:
        table = self._tickers
        return select(table.c.ticker, table.c.active_subscriber_count, table.c.scan_tier)

    async def _watchers(self, tickers: Sequence[str] | None, session: Session) -> Mapping[str, Watchers]:
        """Return, by ticker, how many active users of which standing watch it."""
        watched, users, settings = table_of(Subscription), table_of(User), table_of(UserSettings)
        status = func.coalesce(func.lower(func.trim(users.c.status)), "")
        habits = selected(HABITS)
        joined = watched.join(users, users.c.id == watched.c.user_id).outerjoin(
            settings, settings.c.user_id == watched.c.user_id
        )
        counted = select(watched.c.ticker, *habits, func.count().label("users")).select_from(joined)
        counted = counted.where(watched.c.active.is_(True), status.in_(ACTIVE_STATUSES))
        if tickers is not None:
            counted = counted.where(bulk.among(watched.c.ticker, tickers, self._connection.dialect))
        found: defaultdict[str, Counter[Standing]] = defaultdict(Counter)
        standings: dict[tuple[Any, ...], Standing] = {}
        for row in await self._all(counted.group_by(watched.c.ticker, *habits)):
            habit = tuple(row)[1:-1]
            if habit not in standings:
                standings[habit] = standing_of(settings_of(habit, DEFAULTS, HABITS).settings, session)
            found[row.ticker][standings[habit]] += row.users
        return found

    async def _store(self, changes: Sequence[_Change]) -> None:
        names = (column("ticker", String), column("users", Integer), column("tier", String))
        new = values(*names).data([tuple(one) for one in changes]).cte("new")
        table = self._tickers
        changed = update(table).where(table.c.ticker == new.c.ticker)
        await self._connection.execute(changed.values(active_subscriber_count=new.c.users, scan_tier=new.c.tier))

    async def _now(self) -> datetime:
        now: datetime = (await self._connection.execute(select(func.now(type_=UtcDateTime)))).scalar_one()
        return now

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        rows: Sequence[Row[Any]] = (await self._connection.execute(statement)).all()
        return rows


def _change(row: Row[Any], watchers: Watchers) -> _Change | None:
    count, tier = sum(watchers.values()), tier_of(watchers)
    if (row.active_subscriber_count, row.scan_tier) == (count, tier.value):
        return None
    return _Change(row.ticker, count, tier.value)
