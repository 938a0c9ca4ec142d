"""Tickers by how they begin, and their last scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select, union
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forward_factor.core.slots import SlotState
from forward_factor.services.views import CandidateView
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.given_rows import INSTANT, TEXT, Columns, given_rows
from forward_factor.storage.readers.findings import view_of
from forward_factor.storage.tables import (
    Candidate,
    MasterTicker,
    OptionChainSnapshot,
    ScanSlot,
    UniverseMember,
    table_of,
)

_CANDIDATES, _HEADERS = table_of(Candidate), table_of(OptionChainSnapshot)
_SLOTS = table_of(ScanSlot)
_OTHER = _SLOTS.alias("other_slots")
_LISTS = (table_of(MasterTicker), table_of(UniverseMember))


class SqlKnownTickers:
    """Tickers on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def beginning(self, prefix: str, limit: int) -> Sequence[str]:
        """Return tickers somebody watches, or of the universe, whose name begins so, by name."""
        named = union(*(_called(table, prefix, limit) for table in _LISTS)).subquery()
        with translated_faults():
            async with self._engine.connect() as connection:
                found = await connection.execute(select(named.c.ticker).order_by(named.c.ticker).limit(limit))
                return list(found.scalars())

    async def last_candidates(self, tickers: Sequence[str]) -> Sequence[CandidateView]:
        """Return the candidates of the last scan of each of ``tickers``."""
        with translated_faults():
            async with self._engine.connect() as connection:
                last = (await connection.execute(_last_scans(connection, tickers))).all() if tickers else []
                known = [(row.ticker, row.as_of) for row in last if row.as_of is not None]
                rows = (await connection.execute(_of_scans(connection, known))).all() if known else []
                return [view_of(CandidateView, row) for row in rows]

    async def last_failures(self, tickers: Sequence[str]) -> Mapping[str, str]:
        """Return why the last scheduled scan failed, of those of ``tickers`` whose last one did."""
        with translated_faults():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_last_slots(connection, tickers))).all() if tickers else []
                return {row.ticker: row.reason or "" for row in rows if row.state == SlotState.FAILED.value}


def _called(table: Any, prefix: str, limit: int) -> Any:
    begins_so = table.c.ticker.startswith(prefix, autoescape=True)
    # each list is cut by itself: sorted, the first of both are among the first of each
    return select(select(table.c.ticker).where(begins_so).order_by(table.c.ticker).limit(limit).subquery())


def _last_scans(connection: AsyncConnection, tickers: Sequence[str]) -> Select[Any]:
    asked = given_rows(connection.dialect, "asked", [("ticker", TEXT, list(tickers))])
    of_ticker = select(_HEADERS.c.as_of_ts).where(_HEADERS.c.ticker == asked.c.ticker)
    newest = of_ticker.order_by(_HEADERS.c.as_of_ts.desc()).limit(1).scalar_subquery()
    return select(asked.c.ticker, newest.label("as_of"))


def _last_slots(connection: AsyncConnection, tickers: Sequence[str]) -> Select[Any]:
    asked = given_rows(connection.dialect, "asked", [("ticker", TEXT, list(tickers))])
    ended = (SlotState.DONE.value, SlotState.FAILED.value)
    of_ticker = select(_OTHER.c.due_at).where(_OTHER.c.ticker == asked.c.ticker, _OTHER.c.state.in_(ended))
    newest = of_ticker.order_by(_OTHER.c.due_at.desc()).limit(1).scalar_subquery()
    same = (_SLOTS.c.ticker == asked.c.ticker) & (_SLOTS.c.due_at == newest)
    return select(_SLOTS.c.ticker, _SLOTS.c.state, _SLOTS.c.reason).join_from(asked, _SLOTS, same)


def _of_scans(connection: AsyncConnection, scans: Sequence[tuple[str, Any]]) -> Select[Any]:
    instants = [at for _, at in scans]
    given: Columns = [("ticker", TEXT, [ticker for ticker, _ in scans]), ("as_of", INSTANT, instants)]
    asked, table = given_rows(connection.dialect, "asked", given), _CANDIDATES
    same = (table.c.ticker == asked.c.ticker) & (table.c.as_of_ts == asked.c.as_of)
    # the bounds of all, so that a hypertable need not look into its other chunks
    within = table.c.as_of_ts.between(min(instants), max(instants))
    return select(table).join(asked, same).where(within).order_by(table.c.ticker, table.c.pair, table.c.vol_point)
