"""Signals and candidates by filters, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Double,
    Row,
    Select,
    String,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.core.messages import MessageKind
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.list_candidates import parse_row_id
from forward_factor.services.ports.records import CandidateFilter, SeriesFilter, SignalFilter
from forward_factor.services.record_views import BarView, Percentiles, SeriesPoint, Timeframe
from forward_factor.services.views import CandidateView, SignalView
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.readers.bars import SqlBars
from forward_factor.storage.readers.findings import view_of
from forward_factor.storage.tables import (
    Candidate,
    Notification,
    Signal,
    SignalUserDecision,
    Subscription,
    table_of,
)

_SIGNALS, _CANDIDATES = table_of(Signal), table_of(Candidate)
_KEY = (_CANDIDATES.c.provider, _CANDIDATES.c.pair, _CANDIDATES.c.vol_point)


class SqlRecords:
    """What was recorded, on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def signals(self, wanted: SignalFilter, after: PagePlace | None, limit: int) -> Sequence[SignalView]:
        """Return signals after a place, the newest first."""
        table = _SIGNALS
        statement = select(table).where(*signal_conditions(wanted))
        if after is not None and after.at is not None:
            statement = statement.where(is_before(table.c.as_of_ts, after.at, table.c.id < after.id))
        rows = await self._all(statement.order_by(table.c.as_of_ts.desc(), table.c.id.desc()).limit(limit))
        return [view_of(SignalView, row) for row in rows]

    async def signal(self, signal_id: str) -> SignalView | None:
        """Return the signal with exactly that id, the latest one if there were several."""
        table = _SIGNALS
        rows = await self._all(select(table).where(table.c.id == signal_id).order_by(table.c.as_of_ts.desc()).limit(1))
        return view_of(SignalView, rows[0]) if rows else None

    async def candidates(self, wanted: CandidateFilter, after: PagePlace | None, limit: int) -> Sequence[CandidateView]:
        """Return candidates after a place, the newest first; the id of a candidate's place is its ``row_id``."""
        table = _CANDIDATES
        statement = select(table).where(*_candidate_conditions(wanted))
        place = parse_row_id(after.id) if after is not None else None
        if after is not None and after.at is not None and place is not None:
            statement = statement.where(is_before(table.c.as_of_ts, after.at, tuple_(*_KEY) < place))
        in_order = (table.c.as_of_ts.desc(), *(column.desc() for column in _KEY))
        rows = await self._all(statement.order_by(*in_order).limit(limit))
        return [view_of(CandidateView, row) for row in rows]

    async def series(self, wanted: SeriesFilter, limit: int) -> Sequence[SeriesPoint]:
        """Return the newest readings of a span, the oldest first."""
        table = _CANDIDATES
        newest = table.c.as_of_ts.desc(), table.c.provider.desc()
        rows = await self._all(select(table).where(*_series_conditions(wanted)).order_by(*newest).limit(limit))
        return [view_of(SeriesPoint, row) for row in reversed(rows)]

    async def percentiles(self, wanted: SeriesFilter) -> Percentiles:
        """Return where the newest reading with a forward factor stands among all of a span."""
        table = _CANDIDATES
        known = (*_series_conditions(wanted), table.c.ff_value.is_not(None))
        newest = select(table.c.ff_value, table.c.front_iv).where(*known).order_by(table.c.as_of_ts.desc()).limit(1)
        rows = await self._all(newest)
        if not rows:
            return Percentiles(readings=0, first_at=None, last_at=None, ff=None, front_iv=None)
        whole = select(
            func.count().label("readings"),
            func.min(table.c.as_of_ts).label("first_at"),
            func.max(table.c.as_of_ts).label("last_at"),
            _share_up_to(table.c.ff_value, rows[0].ff_value).label("ff"),
            _share_up_to(table.c.front_iv, rows[0].front_iv).label("front_iv"),
        )
        (found,) = await self._all(whole.where(*known))
        return Percentiles(**found._asdict())

    async def bars(
        self, ticker: str, timeframe: Timeframe, since: datetime | None, until: datetime | None, limit: int
    ) -> Sequence[BarView]:
        """Return the newest bars of a span, the oldest first: stored ones, else those made from minutes."""
        return await SqlBars(self._engine).bars(ticker, timeframe, since, until, limit)

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with translated_faults():
            async with self._engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
                return rows


def signal_conditions(wanted: SignalFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what a signal must be to be wanted."""
    table = _SIGNALS
    yield from _equal(table, ticker=wanted.ticker, pair=wanted.pair, vol_point=wanted.vol_point)
    yield from _within(table.c.as_of_ts, wanted.since, wanted.until)
    if wanted.min_ff is not None:
        yield table.c.ff_value >= wanted.min_ff
    if wanted.is_discovery is not None:
        yield func.coalesce(table.c.is_discovery, False).is_(wanted.is_discovery)
    if wanted.ticker_start is not None:
        yield table.c.ticker.startswith(wanted.ticker_start, autoescape=True)
    if wanted.is_current:
        later, same = _CANDIDATES, ("ticker", "pair", "vol_point")
        yield ~exists().where(later.c.as_of_ts > table.c.as_of_ts, *(later.c[name] == table.c[name] for name in same))
    yield from _personal_conditions(wanted)


def _personal_conditions(wanted: SignalFilter) -> Iterator[ColumnElement[bool]]:
    table = _SIGNALS
    if wanted.watched_by is not None:
        watched = table_of(Subscription)
        of_user = (watched.c.user_id == wanted.watched_by, watched.c.active.is_(True))
        yield table.c.ticker.in_(select(watched.c.ticker).where(*of_user))
    if wanted.decided_by is not None:
        yield table.c.id.in_(_decided(wanted.decided_by))
    if wanted.undecided_by is not None:
        yield table.c.id.not_in(_decided(wanted.undecided_by))
    if wanted.alerted_user is not None:
        told = table_of(Notification)
        alerts = select(told.c.signal_id).where(
            told.c.user_id == wanted.alerted_user,
            told.c.kind == MessageKind.ALERT.value,
            told.c.signal_id.is_not(None),
        )
        yield table.c.id.in_(alerts)


def _decided(user_id: str) -> Select[Any]:
    made = table_of(SignalUserDecision)
    return select(made.c.signal_id).where(made.c.user_id == user_id, made.c.signal_id.is_not(None))


def _candidate_conditions(wanted: CandidateFilter) -> Iterator[ColumnElement[bool]]:
    table = _CANDIDATES
    yield from _equal(table, ticker=wanted.ticker, pair=wanted.pair, vol_point=wanted.vol_point)
    yield from _within(table.c.as_of_ts, wanted.since, wanted.until)
    if wanted.min_ff is not None:
        yield table.c.ff_value >= wanted.min_ff
    if wanted.is_signal is not None:
        yield table.c.is_signal.is_(wanted.is_signal)
    if wanted.reason is not None:
        # a word of the enumeration in its quotes: the same text in json and in SQLite's own
        yield cast(table.c.reason_codes, String).contains(f'"{wanted.reason.value}"')


def _series_conditions(wanted: SeriesFilter) -> Iterator[ColumnElement[bool]]:
    yield from _equal(_CANDIDATES, ticker=wanted.ticker, pair=wanted.pair, vol_point=wanted.vol_point)
    yield from _within(_CANDIDATES.c.as_of_ts, wanted.since, wanted.until)


def _equal(table: Table, **values: str | None) -> Iterator[ColumnElement[bool]]:
    return (table.c[name] == value for name, value in values.items() if value is not None)


def _within(column: Column[Any], since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def is_before(column: Column[Any], at: datetime, is_later_in_page: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return what is true of the rows after a place; the plain bound comes first, for indexes and chunks go by it."""
    return and_(column <= at, or_(column < at, is_later_in_page))


def _share_up_to(column: Column[Any], value: float | None) -> ColumnElement[Any]:
    """Return the share of known values at or below ``value``; NULL where there are none."""
    return func.avg(cast(case((column <= value, 1.0), (column > value, 0.0)), Double))
