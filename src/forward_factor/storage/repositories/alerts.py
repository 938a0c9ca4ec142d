"""What alerts depend on besides the scan: the ticker's last scans, and each user's last alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import CTE, Dialect, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.alerting import OLDEST_HISTORY, History
from forward_factor.core.chain import Chain
from forward_factor.core.rules import PairRule
from forward_factor.services.ports.alerts import ExpiryPair, Marks, NewMark
from forward_factor.storage import bulk
from forward_factor.storage.active_users import hold_users
from forward_factor.storage.given_rows import DAY, INSTANT, TEXT, WHOLE, given_rows
from forward_factor.storage.reading_columns import SELECTED, coded, days_of, points_of, reading_columns, readings_from
from forward_factor.storage.tables import AlertMark, Candidate, MasterTicker, OptionChainSnapshot, table_of

_CANDIDATES, _HEADERS, _MARKS = table_of(Candidate), table_of(OptionChainSnapshot), table_of(AlertMark)
_SELECTED = ("place", "rank", *SELECTED)


class SqlAlertRepository:
    """History and marks on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock_tickers(self, tickers: Sequence[str]) -> None:
        """Let no other transaction evaluate ``tickers`` until this one ends; a row that is not there yet is made."""
        table, wanted = table_of(MasterTicker), sorted(set(tickers))
        columns: dict[str, Sequence[Any]] = {"ticker": wanted, "active_subscriber_count": [0] * len(wanted)}
        await bulk.insert_columns(self._connection, table, columns)
        given = given_rows(self._connection.dialect, "wanted", [("ticker", TEXT, wanted)])
        statement = select(table.c.ticker).join(given, given.c.ticker == table.c.ticker).order_by(table.c.ticker)
        await self._connection.execute(statement.with_for_update(key_share=True, of=table))

    async def history(self, chains: Sequence[Chain], scans: int, pairs: Sequence[PairRule]) -> History:
        """Return the stored candidates of the last ``scans`` scans of each chain's ticker, its own included."""
        windows = await self._windows(chains, scans)
        rows = (await self._connection.execute(self._candidates(chains, windows))).all() if windows else []
        columns = dict(zip(_SELECTED, zip(*rows, strict=True) if rows else [()] * len(_SELECTED), strict=True))
        places = {pair.name: place for place, pair in enumerate(pairs)}
        pair = coded(columns["pair"], places.get)
        wanted = pair >= 0
        return History(
            scan=np.array(columns["place"], dtype=np.int64)[wanted],
            rank=np.array(columns["rank"], dtype=np.int64)[wanted] - 1,
            pair=pair[wanted],
            point=points_of(columns["vol_point"])[wanted],
            front=days_of(columns["front_expiry"])[wanted],
            back=days_of(columns["back_expiry"])[wanted],
            readings=readings_from(columns, wanted),
        )

    async def last_alerts(self, pairs: Sequence[ExpiryPair]) -> Marks:
        """Return the last alerts of all users on ``pairs``."""
        asked = given_rows(
            self._connection.dialect,
            "asked",
            [
                ("place", WHOLE, range(len(pairs))),
                ("ticker", TEXT, [one.ticker for one in pairs]),
                ("front", DAY, [one.front for one in pairs]),
                ("back", DAY, [one.back for one in pairs]),
            ],
        )
        same = (
            (_MARKS.c.ticker == asked.c.ticker)
            & (_MARKS.c.front_expiry == asked.c.front)
            & (_MARKS.c.back_expiry == asked.c.back)
        )
        found = select(_MARKS.c.user_id, asked.c.place, _MARKS.c.alerted_at, _MARKS.c.ff_value)
        rows = (await self._connection.execute(found.select_from(asked.join(_MARKS, same)))).all()
        return Marks(
            user=[row.user_id for row in rows],
            pair=np.array([row.place for row in rows], dtype=np.int64),
            at=np.array([row.alerted_at.astimezone(UTC).replace(tzinfo=None) for row in rows], dtype="datetime64[us]"),
            ff=np.array([row.ff_value for row in rows], dtype=np.float64),
        )

    async def mark(self, marks: Sequence[NewMark]) -> None:
        """Store alerts in place of the last ones; not those of users who are gone."""
        there = await hold_users(self._connection, (one.user_id for one in marks))
        kept = sorted((one for one in marks if one.user_id in there), key=lambda one: (one.user_id, one.pair.ticker))
        columns: dict[str, Sequence[Any]] = {
            "user_id": [one.user_id for one in kept],
            "ticker": [one.pair.ticker for one in kept],
            "front_expiry": [one.pair.front for one in kept],
            "back_expiry": [one.pair.back for one in kept],
            "alerted_at": [one.alerted_at for one in kept],
            "ff_value": [one.ff for one in kept],
        }
        await bulk.replace_columns(self._connection, _MARKS, columns)

    async def _windows(self, chains: Sequence[Chain], scans: int) -> Sequence[tuple[int, datetime]]:
        """Return the places of chains that are their ticker's newest scan, with the instant its last scans begin at.

        Fewer scans than that begin at the first there is.
        """
        asked = _asked(self._connection.dialect, chains)
        oldest = min(chain.as_of for chain in chains) - OLDEST_HISTORY
        of_ticker = (
            (_HEADERS.c.ticker == asked.c.ticker)
            & (_HEADERS.c.provider == asked.c.provider)
            & (_HEADERS.c.as_of_ts > oldest)
        )
        instants = select(_HEADERS.c.as_of_ts).where(of_ticker)
        back = instants.where(_HEADERS.c.as_of_ts <= asked.c.as_of)
        newest = instants.order_by(_HEADERS.c.as_of_ts.desc()).limit(1).scalar_subquery()
        last = back.order_by(_HEADERS.c.as_of_ts.desc()).offset(scans - 1).limit(1).scalar_subquery()
        first = back.order_by(_HEADERS.c.as_of_ts).limit(1).scalar_subquery()
        # one by one, by index: as a join, the planner would read whole days of everybody's headers
        statement = select(asked.c.place, newest, func.coalesce(last, first, type_=INSTANT)).order_by(asked.c.place)
        found = (await self._connection.execute(statement)).all()
        return [(place, first_at) for place, last_at, first_at in found if last_at == chains[place].as_of]

    def _candidates(self, chains: Sequence[Chain], windows: Sequence[tuple[int, datetime]]) -> Select[Any]:
        """Return the statement of all candidates within ``windows``; rank 1 is the chain's own scan.

        The bounds of all windows together are said too, so that a hypertable need not look into its other chunks.
        """
        first_at = dict(windows)
        wanted = {place: chains[place] for place in first_at}
        asked = _asked(self._connection.dialect, list(wanted.values()), list(wanted), list(first_at.values()))
        inside = (
            (_CANDIDATES.c.ticker == asked.c.ticker)
            & (_CANDIDATES.c.provider == asked.c.provider)
            & (_CANDIDATES.c.as_of_ts >= asked.c.first_at)
            & (_CANDIDATES.c.as_of_ts <= asked.c.as_of)
            & (_CANDIDATES.c.as_of_ts >= min(first_at.values()))
            & (_CANDIDATES.c.as_of_ts <= max(chain.as_of for chain in wanted.values()))
        )
        rank = func.dense_rank().over(partition_by=asked.c.place, order_by=_CANDIDATES.c.as_of_ts.desc())
        columns = (asked.c.place, rank.label("rank"), *reading_columns())
        return select(*columns).select_from(asked.join(_CANDIDATES, inside))


def _asked(
    dialect: Dialect, chains: Sequence[Chain], places: Sequence[int] = (), first_at: Sequence[datetime] = ()
) -> CTE:
    return given_rows(
        dialect,
        "asked",
        [
            ("place", WHOLE, places or range(len(chains))),
            ("ticker", TEXT, [chain.ticker for chain in chains]),
            ("provider", TEXT, [chain.provider for chain in chains]),
            ("as_of", INSTANT, [chain.as_of for chain in chains]),
            ("first_at", INSTANT, first_at or [chain.as_of for chain in chains]),
        ],
    )
