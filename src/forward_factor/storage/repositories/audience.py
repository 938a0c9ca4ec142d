"""Who watches a ticker, who seeks discoveries, and under which rules; settings are read once a distinct row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import CTE, ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.arrays import IntArray
from forward_factor.services.ports.alerts import Audience, Wish, Wishes
from forward_factor.storage.active_users import is_active_user
from forward_factor.storage.given_rows import TEXT, WHOLE, given_rows
from forward_factor.storage.settings_columns import RULE_NAMES, selected, settings_of
from forward_factor.storage.tables import Subscription, UniverseMember, User, UserSettings, table_of

WISH_NAMES = ("pairs", "vol_point", "preferred_structure")
_USERS, _SETTINGS = table_of(User), table_of(UserSettings)
_WATCHED, _UNIVERSE = table_of(Subscription), table_of(UniverseMember)


class SqlAudienceRepository:
    """Watchers and seekers on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of_tickers(self, tickers: Sequence[str], defaults: AccountSettings) -> Audience:
        """Return who watches ``tickers``, and, if discovery scans any of them, who seeks; nobody who is paused."""
        asked = self._given(tickers)
        watching = await self._all(_watching(asked, _USERS.c.id, *selected(RULE_NAMES)).where(_is_not_paused()))
        discovered = {row.place for row in await self._all(_discovered(asked))}
        seeking = (
            await self._all(_seeking(_USERS.c.id, *selected(RULE_NAMES)).where(_is_not_paused())) if discovered else []
        )
        users, sets = _Numbered(), _Numbered()
        watch = sorted({(row.place, users.number(row.id)): sets.number(tuple(row[2:])) for row in watching}.items())
        return Audience(
            watching_user=_whole(user for (_, user), _ in watch),
            watching_ticker=_whole(place for (place, _), _ in watch),
            watching_settings=_whole(rules for _, rules in watch),
            seeking_user=_whole(users.number(row.id) for row in seeking),
            seeking_settings=_whole(sets.number(tuple(row[1:])) for row in seeking),
            is_discovered=np.isin(np.arange(len(tickers)), sorted(discovered)),
            users=users.values,
            settings=[_decoded(values, RULE_NAMES, defaults) for values in sets.values],
        )

    async def wishes(self, tickers: Sequence[str], defaults: AccountSettings) -> Wishes:
        """Return what pairs and vol points are wanted of ``tickers``, each distinct wish once."""
        asked, columns = self._given(tickers), selected(WISH_NAMES)
        watched = await self._all(_watching(asked, *columns).distinct())
        wishes = [Wish(tickers[row.place], _decoded(tuple(row[1:]), WISH_NAMES, defaults)) for row in watched]
        discovered = sorted({row.place for row in await self._all(_discovered(asked))})
        if not discovered:
            return Wishes(wishes, [])
        sought = await self._all(_seeking(*columns).distinct())
        wishes += [Wish(None, _decoded(tuple(row), WISH_NAMES, defaults)) for row in sought]
        return Wishes(wishes, [tickers[place] for place in discovered])

    def _given(self, tickers: Sequence[str]) -> CTE:
        """Return tickers with their places, spelled as ours are and as the old bot may have kept them."""
        spelled = [(place, one) for place, ticker in enumerate(tickers) for one in {ticker, ticker.lower()}]
        places, names = [place for place, _ in spelled], [one for _, one in spelled]
        return given_rows(self._connection.dialect, "asked", [("place", WHOLE, places), ("ticker", TEXT, names)])

    async def _all(self, statement: Any) -> Sequence[Row[Any]]:
        rows: Sequence[Row[Any]] = (await self._connection.execute(statement)).all()
        return rows


class _Numbered:
    """Gives each distinct value a number, in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    @property
    def values(self) -> list[Any]:
        return list(self._numbers)

    def number(self, value: Any) -> int:
        return self._numbers.setdefault(value, len(self._numbers))


def _watching(asked: CTE, *columns: ColumnElement[Any]) -> Select[Any]:
    joined = (
        asked.join(_WATCHED, _WATCHED.c.ticker == asked.c.ticker)
        .join(_USERS, _USERS.c.id == _WATCHED.c.user_id)
        .outerjoin(_SETTINGS, _SETTINGS.c.user_id == _USERS.c.id)
    )
    return select(asked.c.place, *columns).select_from(joined).where(_WATCHED.c.active.is_(True), is_active_user())


def _seeking(*columns: ColumnElement[Any]) -> Select[Any]:
    joined = _SETTINGS.join(_USERS, _USERS.c.id == _SETTINGS.c.user_id)
    return select(*columns).select_from(joined).where(_SETTINGS.c.discovery_mode.is_(True), is_active_user())


def _discovered(asked: CTE) -> Select[Any]:
    joined = asked.join(_UNIVERSE, _UNIVERSE.c.ticker == asked.c.ticker)
    return select(asked.c.place).select_from(joined).where(_UNIVERSE.c.is_member.is_(True))


def _is_not_paused() -> ColumnElement[bool]:
    return func.coalesce(_SETTINGS.c.alerts_paused, False).is_(False)


def _whole(numbers: Iterable[int]) -> IntArray:
    return np.fromiter(numbers, dtype=np.int64)


@lru_cache(maxsize=1 << 16)
def _decoded(values: tuple[Any, ...], names: tuple[str, ...], defaults: AccountSettings) -> AccountSettings:
    return settings_of(values, defaults, names).settings
