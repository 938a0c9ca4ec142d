"""A person's board of signals: a page is one statement, with its candidates, decisions and count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Row,
    Select,
    Subquery,
    UnaryExpression,
    and_,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.core.decisions import is_open_position, parse_decision
from forward_factor.services.board_views import MOST_COUNTED, BoardPage, BoardRow, OwnDecision
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.ports.board import BoardQuery, SignalSort
from forward_factor.services.ports.records import SignalFilter
from forward_factor.services.views import SignalView
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.readers.findings import view_of
from forward_factor.storage.readers.records import is_before, signal_conditions
from forward_factor.storage.tables import Candidate, Signal, SignalUserDecision, table_of

_SIGNALS, _CANDIDATES, _DECISIONS = table_of(Signal), table_of(Candidate), table_of(SignalUserDecision)
_KEY = ("ticker", "as_of_ts", "provider", "pair", "vol_point")
_OF_CANDIDATE = ("bid_ask_pct", "open_interest", "volume", "earnings_on")
_OF_DECISION = ("decision", "exit_price", "pnl", "closed_at")
_SORTED_BY: Mapping[SignalSort, Column[Any]] = {
    SignalSort.FOUND: _SIGNALS.c.as_of_ts,
    SignalSort.TICKER: _SIGNALS.c.ticker,
    SignalSort.FF: _SIGNALS.c.ff_value,
    SignalSort.QUALITY: _SIGNALS.c.quality_score,
}


class SqlSignalBoard:
    """Boards on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def page(self, user_id: str, query: BoardQuery) -> BoardPage:
        """Return a part of the board."""
        conditions = list(signal_conditions(query.wanted))
        some = select(_SIGNALS).where(*conditions).order_by(*_order(_SIGNALS, query))
        one = select(literal(1)).select_from(_SIGNALS).where(*conditions).limit(MOST_COUNTED + 1).subquery()
        count = select(func.count()).select_from(one).scalar_subquery().label("found")
        statement = _joined(some.limit(query.limit).offset(query.offset).subquery("some"), user_id, query, count)
        rows = await self._all(statement)
        return BoardPage([_view(row) for row in rows], rows[0].found if rows else 0, query.offset)

    async def after(
        self, user_id: str, wanted: SignalFilter, after: PagePlace | None, limit: int
    ) -> Sequence[BoardRow]:
        """Return rows after a place, the newest first."""
        query = BoardQuery(wanted=wanted)
        some = select(_SIGNALS).where(*signal_conditions(wanted)).order_by(*_order(_SIGNALS, query)).limit(limit)
        if after is not None and after.at is not None:
            some = some.where(is_before(_SIGNALS.c.as_of_ts, after.at, _SIGNALS.c.id < after.id))
        return [_view(row) for row in await self._all(_joined(some.subquery("some"), user_id, query))]

    async def mark(self, since: datetime) -> str:
        """Return what is another text as soon as a signal was added."""
        newest = select(func.max(_SIGNALS.c.as_of_ts)).scalar_subquery().label("newest")
        recent = select(func.count()).select_from(_SIGNALS).where(_SIGNALS.c.as_of_ts > since).scalar_subquery()
        (found,) = await self._all(select(newest, recent.label("recent")))
        return f"{found.newest} {found.recent}"

    async def decision_marks(self, user_ids: Sequence[str]) -> Mapping[str, str]:
        """Return for each of the users a text that is another one as soon as they decided something."""
        table = _DECISIONS
        last = (
            func.count(),
            func.max(table.c.decision_ts),
            func.max(table.c.closed_at),
            func.count(table.c.exit_price),
        )
        statement = select(table.c.user_id, *last).where(table.c.user_id.in_(user_ids)).group_by(table.c.user_id)
        found = {row[0]: " ".join(map(str, row[1:])) for row in await self._all(statement)}
        return {one: found.get(one, "") for one in user_ids}

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with translated_faults():
            async with self._engine.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
                return rows


def _order(source: FromClause, query: BoardQuery) -> tuple[UnaryExpression[Any], ...]:
    column = source.c[_SORTED_BY[query.sort].name]
    first = (column.desc() if query.descending else column.asc()).nulls_last()
    newest = source.c.as_of_ts.desc(), source.c.id.desc()
    if query.sort is not SignalSort.FOUND:
        return first, *newest
    # the column is never null, and an index serves this order only without a word on nulls
    return newest if query.descending else (source.c.as_of_ts.asc(), source.c.id.asc())


def _joined(some: Subquery, user_id: str, query: BoardQuery, *more: ColumnElement[Any]) -> Select[Any]:
    """Return some signals with their candidates and the user's last decision on each."""
    same = and_(*(_CANDIDATES.c[name] == some.c[name] for name in _KEY))
    inner = _DECISIONS.alias("made")
    last = (
        select(inner.c.id)
        .where(inner.c.user_id == user_id, inner.c.signal_id == some.c.id)
        .order_by(inner.c.decision_ts.desc().nulls_last(), inner.c.id.desc())
        .limit(1)
        .correlate(some)
        .scalar_subquery()
    )
    source = some.outerjoin(_CANDIDATES, same).outerjoin(_DECISIONS, _DECISIONS.c.id == last)
    candidate = (_CANDIDATES.c[name].label(f"candidate_{name}") for name in _OF_CANDIDATE)
    decision = (_DECISIONS.c[name].label(f"own_{name}") for name in ("id", *_OF_DECISION))
    return select(some, *candidate, *decision, *more).select_from(source).order_by(*_order(some, query))


def _view(row: Row[Any]) -> BoardRow:
    return BoardRow(
        signal=view_of(SignalView, row),
        bid_ask_pct=row.candidate_bid_ask_pct,
        open_interest=row.candidate_open_interest,
        volume=row.candidate_volume,
        earnings_on=row.candidate_earnings_on,
        flags=tuple(row.flags or ()),
        own=_own(row),
    )


def _own(row: Row[Any]) -> OwnDecision | None:
    if row.own_id is None:
        return None
    word = row.own_decision
    is_open = is_open_position(word, row.own_exit_price, row.own_pnl, row.own_closed_at)
    return OwnDecision(decision=parse_decision(word), word=word, is_open=is_open, pnl=row.own_pnl)
