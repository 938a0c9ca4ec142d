"""Scans of the past with those of their candidates that may pass: three statements, bounded however much is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forward_factor.core.alert_preview import LoosestLimits, RecordedScans
from forward_factor.core.rules import VOL_POINTS, PairRule, VolPoint
from forward_factor.storage import bulk
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.reading_columns import SELECTED, coded, days_of, points_of, reading_columns, readings_from
from forward_factor.storage.tables import Candidate, OptionChainSnapshot, table_of

MOST_READINGS = 60_000
"""Candidates that may be read at once: fewer scans are looked at where more pairs and vol points are asked for."""
_CANDIDATES, _HEADERS = table_of(Candidate), table_of(OptionChainSnapshot)
_KEY = ("ticker", "provider", "as_of_ts")
_SELECTED = (*_KEY, *SELECTED)


class SqlScanRecords:
    """Scans of the past on any of the three stores."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def scans(
        self,
        tickers: Sequence[str],
        since: datetime,
        pairs: Sequence[PairRule],
        points: Sequence[VolPoint],
        limits: LoosestLimits,
    ) -> RecordedScans:
        """Return the scans of ``tickers`` from ``since`` on, with the candidates that keep within ``limits``."""
        most = MOST_READINGS // max(1, len(pairs) * len(points))
        with translated_faults():
            async with self._engine.connect() as connection:
                headers = (await connection.execute(_headers(connection, tickers, since, most + 1))).all()
                kept = sorted(headers[:most], key=lambda row: (row.ticker, row.provider, row.as_of_ts))
                first_at = min((row.as_of_ts for row in kept), default=since)
                asked = _asked(connection, tickers, first_at, pairs, points)
                rows = (await connection.execute(_candidates(asked, limits))).all() if kept else []
                counts = (await connection.execute(_computed(asked))).all() if kept else []
        return _recorded(kept, rows, counts, pairs, is_cut=len(headers) > most)


def _headers(connection: AsyncConnection, tickers: Sequence[str], since: datetime, limit: int) -> Select[Any]:
    of_tickers = bulk.among(_HEADERS.c.ticker, tickers, connection.dialect)
    columns = [_HEADERS.c[name] for name in _KEY]
    asked = select(*columns).where(of_tickers, _HEADERS.c.as_of_ts >= since, _HEADERS.c.provider.is_not(None))
    return asked.order_by(_HEADERS.c.as_of_ts.desc(), _HEADERS.c.ticker, _HEADERS.c.provider).limit(limit)


def _asked(
    connection: AsyncConnection,
    tickers: Sequence[str],
    since: datetime,
    pairs: Sequence[PairRule],
    points: Sequence[VolPoint],
) -> tuple[ColumnElement[bool], ...]:
    table = _CANDIDATES
    return (
        bulk.among(table.c.ticker, tickers, connection.dialect),
        table.c.as_of_ts >= since,
        table.c.pair.in_([pair.name for pair in pairs]),
        table.c.vol_point.in_([point.value for point in points]),
    )


def _candidates(asked: tuple[ColumnElement[bool], ...], limits: LoosestLimits) -> Select[Any]:
    table = _CANDIDATES
    return select(*(table.c[name] for name in _KEY), *reading_columns()).where(
        *asked,
        or_(table.c.ff_value >= limits.ff, table.c.ff_ex_earnings >= limits.ff),
        table.c.bid_ask_pct <= limits.spread_pct,
        table.c.open_interest >= limits.open_interest,
        table.c.volume >= limits.volume,
    )


def _computed(asked: tuple[ColumnElement[bool], ...]) -> Select[Any]:
    pair, point = _CANDIDATES.c.pair, _CANDIDATES.c.vol_point
    return select(pair, point, func.count().label("scans")).where(*asked).group_by(pair, point)


def _recorded(
    headers: Sequence[Row[Any]],
    rows: Sequence[Row[Any]],
    counts: Sequence[Row[Any]],
    pairs: Sequence[PairRule],
    *,
    is_cut: bool,
) -> RecordedScans:
    places = {tuple(row): place for place, row in enumerate(headers)}
    names = {pair.name: place for place, pair in enumerate(pairs)}
    tickers = sorted({row.ticker for row in headers})
    columns = dict(zip(_SELECTED, zip(*rows, strict=True) if rows else [()] * len(_SELECTED), strict=True))
    scan = np.array([places.get(tuple(row[: len(_KEY)]), -1) for row in rows], dtype=np.int64)
    wanted = scan >= 0
    computed = np.zeros((len(pairs), len(VOL_POINTS)), dtype=np.int64)
    for row in counts:
        computed[names[row.pair], VOL_POINTS.index(VolPoint(row.vol_point))] = row.scans
    return RecordedScans(
        tickers=tickers,
        ticker=coded([row.ticker for row in headers], {one: place for place, one in enumerate(tickers)}.get),
        stream=_numbered([(row.ticker, row.provider) for row in headers]),
        at=np.array([row.as_of_ts.astimezone(UTC).replace(tzinfo=None) for row in headers], dtype="datetime64[us]"),
        scan=scan[wanted],
        pair=coded(columns["pair"], names.get)[wanted],
        point=points_of(columns["vol_point"])[wanted],
        front=days_of(columns["front_expiry"])[wanted],
        back=days_of(columns["back_expiry"])[wanted],
        readings=readings_from(columns, wanted),
        computed=computed,
        is_cut=is_cut,
    )


def _numbered(values: Sequence[tuple[str, str]]) -> np.ndarray:
    numbers: dict[tuple[str, str], int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in values], dtype=np.int64)
