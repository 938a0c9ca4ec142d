"""The times at which tickers are due, on any of the three stores.

Whoever settles locks the tickers in order first, as whoever changes a watchlist does, so that scans of one ticker come
one after the other and no two wait for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Row,
    Select,
    String,
    Subquery,
    Update,
    and_,
    case,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
    values,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.slots import GRID_CAUSES, Cause, SlotReason, SlotState, priority_of
from forward_factor.core.ticker import parse_ticker
from forward_factor.core.tiers import Tier, parse_tier
from forward_factor.errors import InvalidTicker
from forward_factor.services.ports.slots import NewSlot, OpenTicker, ScheduledTicker
from forward_factor.storage import bulk
from forward_factor.storage.tables import MasterTicker, ScanSlot, UniverseMember, table_of
from forward_factor.storage.types import UtcDateTime

GAVE_UP_COUNTS_FOR = timedelta(days=1)
ROWS_A_STATEMENT = 10_000


class SqlScanSlotRepository:
    """Slots on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._slots = table_of(ScanSlot)
        self._tickers = table_of(MasterTicker)
        self._universe = table_of(UniverseMember)

    async def scheduled(self) -> Sequence[ScheduledTicker]:
        """Return all tickers that are scanned by the clock, by name; what is no ticker is left out."""
        return _parsed(await self._all(select(self._scheduled())))

    async def lacking(self, due: Mapping[Tier, datetime]) -> Sequence[ScheduledTicker]:
        """Return those without a slot of the clock's at or after the instant ``due`` names for their tier."""
        scheduled, slots = self._scheduled(), self._slots
        of_tier = case(
            *((scheduled.c.tier == tier.value, literal(due[tier], UtcDateTime)) for tier in (Tier.HIGH, Tier.LOW)),
            else_=literal(due[Tier.MEDIUM], UtcDateTime),
        )
        there = exists().where(
            slots.c.ticker == scheduled.c.ticker,
            slots.c.due_at >= of_tier,
            slots.c.due_at >= min(due.values()),
            slots.c.cause.in_([one.value for one in GRID_CAUSES]),
        )
        return _parsed(await self._all(select(scheduled).where(~there)))

    async def add(
        self,
        slots: Sequence[NewSlot],
        state: SlotState = SlotState.OPEN,
        finished_at: datetime | None = None,
        reason: SlotReason | None = None,
    ) -> int:
        """Store slots not stored yet, in the order of their keys; return how many they were."""
        in_order = sorted(slots, key=lambda one: (one.ticker, one.due_at))
        new = 0
        for start in range(0, len(in_order), ROWS_A_STATEMENT):
            some = in_order[start : start + ROWS_A_STATEMENT]
            columns: dict[str, Sequence[Any]] = {
                "ticker": [one.ticker for one in some],
                "due_at": [one.due_at for one in some],
                "cause": [one.cause.value for one in some],
                "tier": [one.tier.value for one in some],
                "state": [state.value] * len(some),
                "starts": [0] * len(some),
                "finished_at": [finished_at] * len(some),
                "reason": [reason and reason.value] * len(some),
            }
            new += len(await bulk.insert_new(self._connection, self._slots, columns, ["ticker", "due_at"]))
        return new

    async def add_unless_open(self, slots: Sequence[NewSlot]) -> Sequence[str]:
        """Store open slots for tickers that have none; return these tickers."""
        table = self._slots
        open_ = select(table.c.ticker).distinct().where(table.c.state == SlotState.OPEN.value)
        names = [one.ticker for one in slots]
        there = {row.ticker for row in await self._all(open_.where(self._among(table.c.ticker, names)))}
        new = [one for one in slots if one.ticker not in there]
        await self.add(new)
        return [one.ticker for one in new]

    async def waiting(self, until: datetime) -> Mapping[str, int]:
        """Return the tickers with open slots, each with the highest priority among them."""
        table = self._slots
        kinds = select(table.c.ticker, table.c.cause, table.c.tier).where(self._open(until)).distinct()
        found: dict[str, int] = {}
        for row in await self._all(kinds):
            priority = priority_of(Cause(row.cause), parse_tier(row.tier))
            found[row.ticker] = max(priority, found.get(row.ticker, 0))
        return found

    async def open_among(self, tickers: Sequence[str], until: datetime) -> Sequence[OpenTicker]:
        """Return those of ``tickers`` that have open slots."""
        table = self._slots
        rows = await self._all(
            select(table)
            .where(self._open(until), self._among(table.c.ticker, tickers))
            .order_by(table.c.ticker, table.c.due_at)
        )
        gave_up = await self._gave_up(tickers, until)
        return [_open_ticker(list(own), name in gave_up) for name, own in groupby(rows, lambda row: str(row.ticker))]

    async def begin(self, tickers: Sequence[str], until: datetime) -> None:
        """Count a start of the open slots of ``tickers``; until it ends by a word, they are suspect."""
        begun = self._of(tickers, until).values(starts=self._slots.c.starts + 1, reason=None)
        await self._connection.execute(begun)

    async def release(self, reasons: Mapping[str, str], until: datetime, *, uncounted: bool = False) -> None:
        """Leave the slots of tickers open, for another start, and say why; ``uncounted`` takes the start back."""
        counted = {"starts": self._slots.c.starts - 1} if uncounted else {}
        for reason, tickers in _by_reason(reasons):
            statement = self._of(tickers, until).where(self._slots.c.starts > 0)
            await self._connection.execute(statement.values(reason=reason, **counted))

    async def settle(self, spots: Mapping[str, float], until: datetime, now: datetime) -> None:
        """Mark the open slots of tickers as done, and their last scan as of ``until`` at the given spots."""
        names = sorted(spots)
        await self._lock(names)
        await self._note_scans(spots, until)
        table = self._slots
        open_ = and_(self._open(until), self._among(table.c.ticker, names))
        last = select(table.c.ticker, func.max(table.c.due_at).label("due_at")).where(open_)
        newest = last.group_by(table.c.ticker).subquery("newest")
        done = update(table).where(table.c.ticker == newest.c.ticker, self._open(until))
        reason = case((table.c.due_at < newest.c.due_at, SlotReason.SUPERSEDED.value), else_=None)
        await self._connection.execute(done.values(state=SlotState.DONE.value, finished_at=now, reason=reason))

    async def fail(self, reasons: Mapping[str, str], until: datetime, now: datetime) -> None:
        """Mark the open slots of tickers as failed, and say why."""
        for reason, tickers in _by_reason(reasons):
            failed = self._of(tickers, until).values(state=SlotState.FAILED.value, finished_at=now, reason=reason)
            await self._connection.execute(failed)

    async def any_open_before(self, before: datetime) -> bool:
        """Return whether a slot due before ``before`` is open."""
        table = self._slots
        old = select(table.c.ticker).where(table.c.state == SlotState.OPEN.value, table.c.due_at < before)
        return bool(await self._all(old.limit(1)))

    async def expire(self, before: datetime, now: datetime) -> int:
        """Mark open slots due before ``before`` as missed; return how many they were."""
        table = self._slots
        old = update(table).where(table.c.state == SlotState.OPEN.value, table.c.due_at < before)
        missed = {"state": SlotState.MISSED.value, "finished_at": now, "reason": SlotReason.NOT_SERVED.value}
        return int((await self._connection.execute(old.values(missed))).rowcount)

    def _scheduled(self) -> Subquery:
        """Return who is scanned by the clock; names in upper case, for the old bot may have stored others."""
        tickers, universe = self._tickers, self._universe
        tier = func.lower(func.trim(func.coalesce(tickers.c.scan_tier, "")))
        known = case((tier.in_([Tier.HIGH.value, Tier.LOW.value]), tier), else_=Tier.MEDIUM.value)
        name = func.upper(func.trim(tickers.c.ticker))
        watched = select(name.label("ticker"), known.label("tier"), literal(Cause.CADENCE.value).label("cause")).where(
            tickers.c.active_subscriber_count > 0
        )
        liquid = select(universe.c.ticker, literal(Tier.LOW.value), literal(Cause.DISCOVERY.value)).where(
            universe.c.is_member.is_(True), ~exists().where(name == universe.c.ticker, self._is_watched())
        )
        return union_all(watched, liquid).subquery("scheduled")

    def _is_watched(self) -> ColumnElement[bool]:
        return self._tickers.c.active_subscriber_count > 0

    async def _gave_up(self, tickers: Sequence[str], until: datetime) -> set[str]:
        """Return the tickers of which a slot was given up, with none done since."""
        table, later = self._slots, self._slots.alias()
        since = exists().where(
            later.c.ticker == table.c.ticker, later.c.due_at > table.c.due_at, later.c.state == SlotState.DONE.value
        )
        given_up = (
            select(table.c.ticker)
            .distinct()
            .where(
                table.c.state == SlotState.FAILED.value,
                table.c.reason == SlotReason.GAVE_UP.value,
                table.c.due_at > until - GAVE_UP_COUNTS_FOR,
                self._among(table.c.ticker, tickers),
                ~since,
            )
        )
        return {row.ticker for row in await self._all(given_up)}

    async def _lock(self, names: Sequence[str]) -> None:
        for key in (self._tickers.c.ticker, self._universe.c.ticker):
            named = select(key).where(self._among(func.upper(key), names)).order_by(key)
            await self._connection.execute(named.with_for_update(key_share=True))

    async def _note_scans(self, spots: Mapping[str, float], scanned_at: datetime) -> None:
        if not spots:
            return
        tickers = self._tickers
        wanted = values(column("ticker", String), column("spot", Double)).data(list(spots.items())).cte("wanted")
        earlier = or_(tickers.c.last_scan_at.is_(None), tickers.c.last_scan_at < scanned_at)
        noted = update(tickers).where(func.upper(tickers.c.ticker) == wanted.c.ticker, earlier)
        await self._connection.execute(noted.values(last_scan_at=scanned_at, last_scan_price=wanted.c.spot))

    def _of(self, tickers: Sequence[str], until: datetime) -> Update:
        return update(self._slots).where(self._open(until), self._among(self._slots.c.ticker, tickers))

    def _open(self, until: datetime) -> ColumnElement[bool]:
        return and_(self._slots.c.state == SlotState.OPEN.value, self._slots.c.due_at <= until)

    def _among(self, of: ColumnElement[str], names: Sequence[str]) -> ColumnElement[bool]:
        return bulk.among(of, names, self._connection.dialect)

    async def _all(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        rows: Sequence[Row[Any]] = (await self._connection.execute(statement)).all()
        return rows


def _parsed(rows: Sequence[Row[Any]]) -> Sequence[ScheduledTicker]:
    """Return rows as tickers, once each; what the old bot let in may be none."""
    found: dict[str, ScheduledTicker] = {}
    for row in rows:
        try:
            name = parse_ticker(row.ticker)
        except InvalidTicker:
            continue
        found.setdefault(name, ScheduledTicker(name, Tier(row.tier), Cause(row.cause)))
    return [found[name] for name in sorted(found)]


def _open_ticker(rows: Sequence[Row[Any]], gave_up_before: bool) -> OpenTicker:
    newest = rows[-1]
    return OpenTicker(
        ticker=newest.ticker,
        tier=parse_tier(newest.tier),
        due_at=newest.due_at,
        starts=max(row.starts for row in rows),
        is_suspect=any(row.starts > 0 and row.reason is None for row in rows),
        gave_up_before=gave_up_before,
    )


def _by_reason(reasons: Mapping[str, str]) -> Iterator[tuple[str, Sequence[str]]]:
    reason_of: Callable[[str], str] = reasons.__getitem__
    for reason, tickers in groupby(sorted(reasons, key=reason_of), reason_of):
        yield reason, sorted(tickers)
