"""How the running system does: what is due, what was given up, how fast scans are; all by indexes, over an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forward_factor.core.messages import MessageKind
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.ports.service_health import Heartbeat
from forward_factor.services.running_views import DeadLetters, FailedDelivery, FailedSlot, Figures, QueueView
from forward_factor.services.views import UserView
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.repositories.users import user_view
from forward_factor.storage.tables import Delivery, Notification, ScanSlot, ServiceHeartbeat, User, table_of

RECENT = timedelta(hours=1)
SERVICES_SHOWN = timedelta(days=1)
MOST_LATENCIES = 5_000
MOST_REASONS = 20
LONGEST_REASON = 60
_SLOTS, _DELIVERIES, _TOLD = table_of(ScanSlot), table_of(Delivery), table_of(Notification)
_BEATS, _USERS = table_of(ServiceHeartbeat), table_of(User)
_OPEN_DELIVERIES = ("open", "sending")
_CLOSED_DELIVERIES = ("sent", "failed")
_JOBS = "SELECT CAST(status AS text) AS state, count(*) AS amount FROM pgqueuer GROUP BY 1"


class SqlRunning:
    """The running system, on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def queue(self, now: datetime) -> QueueView:
        """Return what is due, and what became of what was due within the last hour."""
        with translated_faults():
            async with self._engine.connect() as connection:
                return await _queue(connection, now)

    async def figures(self, now: datetime) -> Figures:
        """Return the numbers that monitors want."""
        with translated_faults():
            async with self._engine.connect() as connection:
                return Figures(
                    read_at=now,
                    queue=await _queue(connection, now),
                    scan_latencies_s=await _latencies(connection, now),
                    failed_slots=await _failed_by_reason(connection, now),
                    alerts=await _recent_alerts(connection, now),
                    heartbeats=await _heartbeats(connection, now),
                )

    async def heartbeats(self, now: datetime) -> Sequence[Heartbeat]:
        """Return the last words of the processes of the last day, by service."""
        with translated_faults():
            async with self._engine.connect() as connection:
                return await _heartbeats(connection, now)

    async def dead_letters(self, limit: int) -> DeadLetters:
        """Return what was given up, the newest first, at most ``limit`` of either kind."""
        with translated_faults():
            async with self._engine.connect() as connection:
                return DeadLetters(await _failed_slots(connection, limit), await _failed_deliveries(connection, limit))

    async def users(self, after: PagePlace | None, limit: int) -> Sequence[UserView]:
        """Return accounts after a place, the oldest first; those of the old bot without an instant before all."""
        table = _USERS
        statement = select(table).order_by(table.c.created_at.is_not(None), table.c.created_at, table.c.id).limit(limit)
        if after is not None:
            statement = statement.where(_is_later(after))
        with translated_faults():
            async with self._engine.connect() as connection:
                return [user_view(row) for row in await connection.execute(statement)]


def _is_later(after: PagePlace) -> Any:
    at, id_ = _USERS.c.created_at, _USERS.c.id
    if after.at is None:
        return (at.is_(None) & (id_ > after.id)) | at.is_not(None)
    return (at > after.at) | ((at == after.at) & (id_ > after.id))


async def _queue(connection: AsyncConnection, now: datetime) -> QueueView:
    unserved = select(func.count(), func.min(_SLOTS.c.due_at)).where(_SLOTS.c.state == "open", _SLOTS.c.due_at <= now)
    count, oldest = (await connection.execute(unserved)).one()
    recent = _counted(_SLOTS.c.state).where(_SLOTS.c.due_at > now - RECENT, _SLOTS.c.due_at <= now)
    open_deliveries = _counted(_DELIVERIES.c.state).where(_DELIVERIES.c.state.in_(_OPEN_DELIVERIES))
    closed_deliveries = _counted(_DELIVERIES.c.state).where(
        _DELIVERIES.c.state.in_(_CLOSED_DELIVERIES), _DELIVERIES.c.next_try_at > now - RECENT
    )
    return QueueView(
        open_slots=count,
        oldest_open_at=oldest,
        recent_slots=await _by_state(connection, recent),
        jobs=await _jobs(connection),
        deliveries=await _by_state(connection, open_deliveries) | await _by_state(connection, closed_deliveries),
    )


def _counted(state: Any) -> Select[Any]:
    return select(state.label("state"), func.count().label("amount")).group_by(state)


async def _by_state(connection: AsyncConnection, statement: Any) -> dict[str, int]:
    return {row.state: row.amount for row in await connection.execute(statement)}


async def _jobs(connection: AsyncConnection) -> Mapping[str, int]:
    return {} if connection.dialect.name == "sqlite" else await _by_state(connection, text(_JOBS))


async def _latencies(connection: AsyncConnection, now: datetime) -> list[float]:
    table = _SLOTS
    done = select(table.c.due_at, table.c.finished_at).where(
        table.c.state == "done", table.c.due_at > now - RECENT, table.c.finished_at.is_not(None)
    )
    newest = done.order_by(table.c.due_at.desc()).limit(MOST_LATENCIES)
    return [(row.finished_at - row.due_at).total_seconds() for row in await connection.execute(newest)]


async def _failed_by_reason(connection: AsyncConnection, now: datetime) -> dict[str, int]:
    reason = func.substr(func.coalesce(_SLOTS.c.reason, ""), 1, LONGEST_REASON)
    failed = _counted(reason).where(_SLOTS.c.state == "failed", _SLOTS.c.due_at > now - RECENT)
    return await _by_state(connection, failed.order_by(func.count().desc()).limit(MOST_REASONS))


async def _recent_alerts(connection: AsyncConnection, now: datetime) -> int:
    by_index = (_TOLD.c.state.in_(("open", "waiting", "digested")), _TOLD.c.due_at > now - RECENT)
    alerts = select(func.count()).where(
        *by_index, _TOLD.c.created_at > now - RECENT, _TOLD.c.kind == MessageKind.ALERT.value
    )
    return await connection.scalar(alerts) or 0


async def _heartbeats(connection: AsyncConnection, now: datetime) -> list[Heartbeat]:
    table = _BEATS
    recent = select(table).where(table.c.last_seen_at > now - SERVICES_SHOWN)
    rows = await connection.execute(recent.order_by(table.c.service, table.c.instance))
    return [Heartbeat(row.service, row.instance, row.started_at, row.last_seen_at) for row in rows]


async def _failed_slots(connection: AsyncConnection, limit: int) -> list[FailedSlot]:
    failed = select(_SLOTS).where(_SLOTS.c.state == "failed").order_by(_SLOTS.c.due_at.desc()).limit(limit)
    return [
        FailedSlot(
            ticker=row.ticker,
            due_at=row.due_at,
            cause=row.cause,
            tier=row.tier,
            starts=row.starts,
            finished_at=row.finished_at,
            reason=row.reason,
        )
        for row in await connection.execute(failed)
    ]


async def _failed_deliveries(connection: AsyncConnection, limit: int) -> list[FailedDelivery]:
    told = (_TOLD.c.user_id, _TOLD.c.kind, _TOLD.c.ticker, _TOLD.c.created_at)
    failed = (
        select(_DELIVERIES, *told)
        .join_from(_DELIVERIES, _TOLD, _DELIVERIES.c.notification_id == _TOLD.c.id)
        .where(_DELIVERIES.c.state == "failed")
    )
    newest = failed.order_by(_DELIVERIES.c.next_try_at.desc(), _DELIVERIES.c.position.desc()).limit(limit)
    return [
        FailedDelivery(
            notification_id=row.notification_id,
            chat_id=row.chat_id,
            user_id=row.user_id,
            kind=row.kind,
            ticker=row.ticker,
            created_at=row.created_at,
            attempts=row.attempts,
            error=row.error,
        )
        for row in await connection.execute(newest)
    ]
