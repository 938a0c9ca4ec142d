"""Reminders: one row for each decision, kind and date, whatever is planned again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.accounts import is_active
from forward_factor.core.messages import ReminderFacts, ReminderKind
from forward_factor.core.reminders import PlannedReminder
from forward_factor.services.decision_views import PagePlace, ReminderState, ReminderView
from forward_factor.services.ports.decisions import DueReminder
from forward_factor.storage import bulk
from forward_factor.storage.active_users import hold_users
from forward_factor.storage.tables import Reminder, User, table_of

_DECISIONS_A_STATEMENT = 500
_ROWS_A_STATEMENT = 1_000
_OPEN, _CANCELLED = ReminderState.OPEN.value, ReminderState.CANCELLED.value


class SqlReminderRepository:
    """Reminders on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(Reminder)

    async def plan(self, decision_ids: Sequence[str], planned: Sequence[PlannedReminder], now: datetime) -> None:
        """Make ``planned`` the open reminders of those decisions, beside notices and what is too late already."""
        keys: dict[str, list[str]] = defaultdict(list)
        for one in planned:
            keys[one.decision_id].append(one.dedupe_key)
        for start in range(0, len(decision_ids), _DECISIONS_A_STATEMENT):
            some = decision_ids[start : start + _DECISIONS_A_STATEMENT]
            await self._cancel_others(some, [key for one in some for key in keys[one]], now)
        wanted = list({one.dedupe_key: one for one in planned}.values())
        for start in range(0, len(wanted), _ROWS_A_STATEMENT):
            await self._put(wanted[start : start + _ROWS_A_STATEMENT])

    async def add(self, notices: Sequence[PlannedReminder]) -> None:
        """Store those that were never stored."""
        rows = [_row(one) for one in notices]
        columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
        await bulk.insert_columns(self._connection, self._table, columns)

    async def cancel(self, decision_id: str, now: datetime) -> None:
        """Cancel all open reminders of a decision."""
        open_ones = update(self._table).where(self._table.c.decision_id == decision_id, self._table.c.state == _OPEN)
        await self._connection.execute(open_ones.values(state=_CANCELLED, settled_at=now))

    async def is_any_due(self, now: datetime) -> bool:
        """Return whether an open reminder is due."""
        due = select(self._table.c.id).where(self._is_due(now)).limit(1)
        return (await self._connection.execute(due)).first() is not None

    async def claim_due(self, now: datetime, limit: int) -> Sequence[DueReminder]:
        """Return open reminders that are due, the oldest first, held; those another process holds are left out."""
        table, users = self._table, table_of(User)
        due = select(table.c.id, table.c.user_id).where(self._is_due(now)).order_by(table.c.due_at, table.c.id)
        rows = (await self._connection.execute(due.limit(limit))).all()
        await hold_users(self._connection, {row.user_id for row in rows})
        claimed = (
            select(table, users.c.status)
            .join(users, users.c.id == table.c.user_id)
            .where(table.c.id.in_([row.id for row in rows]), self._is_due(now))
            .order_by(table.c.due_at, table.c.id)
            .with_for_update(of=table, skip_locked=True)
        )
        return [_due(row) for row in (await self._connection.execute(claimed)).all()]

    async def settle(self, reminder_ids: Sequence[str], state: ReminderState, now: datetime) -> None:
        """Store what became of reminders."""
        for start in range(0, len(reminder_ids), _ROWS_A_STATEMENT):
            some = update(self._table).where(self._table.c.id.in_(reminder_ids[start : start + _ROWS_A_STATEMENT]))
            await self._connection.execute(some.values(state=state.value, settled_at=now))

    async def page(
        self, user_id: str, after: PagePlace | None, limit: int, *, only_open: bool
    ) -> Sequence[ReminderView]:
        """Return a user's reminders after a place, those due last first."""
        table = self._table
        statement = select(table).where(table.c.user_id == user_id)
        if only_open:
            statement = statement.where(table.c.state == _OPEN)
        if after is not None:
            before = and_(table.c.due_at == after.at, table.c.id < after.id)
            statement = statement.where(or_(table.c.due_at < after.at, before))
        return await self._views(statement.order_by(table.c.due_at.desc(), table.c.id.desc()).limit(limit))

    async def of_decision(self, user_id: str, decision_id: str) -> Sequence[ReminderView]:
        """Return all reminders of one of a user's decisions, those due last first."""
        table = self._table
        statement = select(table).where(table.c.user_id == user_id, table.c.decision_id == decision_id)
        return await self._views(statement.order_by(table.c.due_at.desc(), table.c.id.desc()))

    def _is_due(self, now: datetime) -> ColumnElement[bool]:
        return and_(self._table.c.state == _OPEN, self._table.c.due_at <= now)

    async def _cancel_others(self, decision_ids: Sequence[str], keys: Sequence[str], now: datetime) -> None:
        """Cancel open reminders that are not among ``keys``; a late one is left, to be told as missed."""
        table = self._table
        open_ones = (table.c.decision_id.in_(decision_ids), table.c.state == _OPEN, table.c.useful_until > now)
        others = (table.c.kind != ReminderKind.EARNINGS_MOVED.value, table.c.dedupe_key.not_in(keys))
        statement = update(table).where(*open_ones, *others).values(state=_CANCELLED, settled_at=now)
        await self._connection.execute(statement)

    async def _put(self, planned: Sequence[PlannedReminder]) -> None:
        """Insert, or renew what is open or cancelled."""
        kind = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        statement = kind.insert(self._table).values([_row(one) for one in planned])
        new = statement.excluded
        renewed = {"due_at": new.due_at, "useful_until": new.useful_until, "facts": new.facts}
        upsert = statement.on_conflict_do_update(
            index_elements=["dedupe_key"],
            set_={**renewed, "state": _OPEN, "settled_at": None},
            where=self._table.c.state.in_([_OPEN, _CANCELLED]),
        )
        await self._connection.execute(upsert)

    async def _views(self, statement: Select[Any]) -> Sequence[ReminderView]:
        return [_view(row) for row in (await self._connection.execute(statement)).all()]


def _row(planned: PlannedReminder) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "user_id": planned.user_id,
        "decision_id": planned.decision_id,
        "kind": planned.facts.reminder.value,
        "dedupe_key": planned.dedupe_key,
        "due_at": planned.due_at,
        "useful_until": planned.useful_until,
        "state": _OPEN,
        "facts": msgspec.to_builtins(planned.facts),
    }


def _due(row: Row[Any]) -> DueReminder:
    return DueReminder(
        id=row.id,
        user_id=row.user_id,
        dedupe_key=row.dedupe_key,
        useful_until=row.useful_until,
        facts=msgspec.convert(row.facts, ReminderFacts),
        reaches_user=is_active(row.status),
    )


def _view(row: Row[Any]) -> ReminderView:
    return ReminderView(
        id=row.id,
        decision_id=row.decision_id,
        due_at=row.due_at,
        useful_until=row.useful_until,
        state=ReminderState(row.state),
        settled_at=row.settled_at,
        facts=msgspec.convert(row.facts, ReminderFacts),
    )
