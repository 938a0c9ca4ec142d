"""What is kept by New York day, on any of the three stores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Table, cast, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.core.chain import NEW_YORK, new_york_date
from forward_factor.core.reasons import Reason
from forward_factor.core.rules import VolPoint
from forward_factor.services.daily_views import (
    CandidateTotals,
    CurveDay,
    PairDay,
    PairKey,
    PointTotals,
    SnapshotTotals,
)
from forward_factor.services.ports.daily_records import TickerProvider
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.tables.daily import (
    candidates_daily,
    reasons_daily,
    snapshots_daily,
    term_structure_daily,
)

POINTS = {
    VolPoint.ATM: "atm_points",
    VolPoint.PUT_35D: "put_35d_points",
    VolPoint.CALL_35D: "call_35d_points",
}


class SqlDailyRecords:
    """Reads the summaries; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def pair_days(self, keys: Sequence[PairKey], first: date, last: date) -> Sequence[PairDay]:
        """Return the days of all ``keys``, a provider each, in no order."""
        wanted, days, c = {tuple(key): key for key in keys}, _Days(), candidates_daily.c
        values = c.provider, c.day, c.last_at, c.ff_last, c.front_iv_last, c.bid_ask_pct_last
        statement = select(c.ticker, c.pair, c.vol_point, *values).where(
            *(c[name].in_(sorted({getattr(key, name) for key in keys})) for name in PairKey._fields),
            *_within(candidates_daily, first, last),
        )
        found = []
        for ticker, pair, vol_point, provider, day, *rest in await self._all(statement):
            key = wanted.get((ticker, pair, vol_point))
            if key is not None:
                found.append(PairDay(key, provider, days[day], *rest))
        return found

    async def curve_days(self, tickers: Sequence[str], first: date, last: date) -> Sequence[CurveDay]:
        """Return the days of ``tickers`` that have a vol on either side of 30 days, a provider each, in no order."""
        days, c = _Days(), term_structure_daily.c
        statement = select(c.ticker, c.provider, c.day, c.near_at, c.near_dte, c.near_iv, c.far_dte, c.far_iv).where(
            c.ticker.in_(sorted(set(tickers))), *_within(term_structure_daily, first, last), c.near_at == c.far_at
        )
        return [
            CurveDay(ticker, provider, days[day], *rest) for ticker, provider, day, *rest in await self._all(statement)
        ]

    async def snapshot_totals(self, tickers: Sequence[str], first: date, last: date) -> Sequence[SnapshotTotals]:
        """Return the counts of snapshots, by ticker and provider and in that order; no tickers means all."""
        recorded, days, c = defaultdict(list), _Days(), snapshots_daily.c
        by_day = select(c.ticker, c.provider, c.day).where(*_of(snapshots_daily, tickers, first, last)).order_by(c.day)
        for ticker, provider, day in await self._all(by_day):
            recorded[ticker, provider].append(days[day])
        counted = [_sum(c[name]) for name in ("snapshots", "stale", "checked", "checked_contracts")]
        statement = _totals(
            snapshots_daily, tickers, first, last,
            func.min(c.snapshots).label("fewest"), func.max(c.snapshots).label("most"), *counted,
            _sum(c.crossed), _sum(c.rejected_rows),
            func.min(c.first_at).label("first_at"), func.max(c.last_at).label("last_at"),
        )  # fmt: skip
        totals = []
        for row in await self._all(statement.order_by(c.ticker, c.provider)):
            known = row._asdict() | {"provider": row.provider or ""}
            totals.append(SnapshotTotals(days=tuple(recorded[row.ticker, row.provider]), **known))
        return totals

    async def candidate_totals(
        self, tickers: Sequence[str], first: date, last: date
    ) -> Mapping[TickerProvider, CandidateTotals]:
        """Return the counts of candidates; no tickers means all."""
        c = reasons_daily.c
        counted = [_sum(c[name]) for name in ("candidates", "signals", *(reason.value for reason in Reason))]
        rows = await self._all(_totals(reasons_daily, tickers, first, last, *counted))
        return {
            (row.ticker, row.provider): CandidateTotals(
                candidates=row.candidates,
                signals=row.signals,
                reasons={reason: getattr(row, reason.value) for reason in Reason},
            )
            for row in rows
        }

    async def point_totals(
        self, tickers: Sequence[str], first: date, last: date
    ) -> Mapping[TickerProvider, PointTotals]:
        """Return the counts of vol points; no tickers means all."""
        c = term_structure_daily.c
        counted = [_sum(c[name]) for name in ("points", *POINTS.values())]
        rows = await self._all(_totals(term_structure_daily, tickers, first, last, *counted))
        return {
            (row.ticker, row.provider): PointTotals(
                expiries=row.points, known={point: getattr(row, name) for point, name in POINTS.items()}
            )
            for row in rows
        }

    async def _all(self, statement: Select[Any]) -> Sequence[Any]:
        with translated_faults():
            async with self._engine.connect() as connection:
                rows: Sequence[Any] = (await connection.execute(statement)).all()
                return rows


class _Days(dict[datetime, date]):
    """The New York date of an instant at which a day begins; there are few, however many rows."""

    def __missing__(self, begins_at: datetime) -> date:
        self[begins_at] = new_york_date(begins_at)
        return self[begins_at]


def _totals(view: Table, tickers: Sequence[str], first: date, last: date, *columns: ColumnElement[Any]) -> Select[Any]:
    keys = view.c.ticker, view.c.provider
    return select(*keys, *columns).where(*_of(view, tickers, first, last)).group_by(*keys)


def _of(view: Table, tickers: Sequence[str], first: date, last: date) -> list[ColumnElement[bool]]:
    named = [view.c.ticker.in_(sorted(set(tickers)))] if tickers else []
    return [*named, *_within(view, first, last)]


def _within(view: Table, first: date, last: date) -> list[ColumnElement[bool]]:
    return [view.c.day >= _begin(first), view.c.day <= _begin(last)]


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(0), NEW_YORK)


def _sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a whole sum, 0 of nothing; PostgreSQL's sum of bigints is numeric."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger).label(column.name)
