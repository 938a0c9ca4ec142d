"""One user's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forward_factor.core.decisions import Decision, is_open_position, parse_decision
from forward_factor.core.messages import MessageKind
from forward_factor.services.stats_views import UserStats
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.tables import Notification, SignalUserDecision, Subscription, table_of

_WEEK = timedelta(days=7)
_DECISIONS = table_of(SignalUserDecision)
_TOLD = table_of(Notification)
_WATCHED = table_of(Subscription)


class SqlStats:
    """Numbers of users, on any of the three stores."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def of_user(self, user_id: str, now: datetime) -> UserStats:
        """Return what a user did and was told until ``now``."""
        with translated_faults():
            async with self._engine.connect() as connection:
                return await _stats(connection, user_id, now)


async def _stats(connection: AsyncConnection, user_id: str, now: datetime) -> UserStats:
    watched = select(func.count()).where(_WATCHED.c.user_id == user_id, _WATCHED.c.active.is_(True))
    recent = case((_TOLD.c.created_at > now - _WEEK, 1), else_=0)
    of_user = and_(_TOLD.c.user_id == user_id, _TOLD.c.kind == MessageKind.ALERT.value)
    alerts, last_week = (await connection.execute(select(func.count(), func.sum(recent)).where(of_user))).one()
    by_word = (await connection.execute(_by_word(user_id))).all()
    with_pnl = sum(row.with_pnl for row in by_word)
    return UserStats(
        watched=await connection.scalar(watched) or 0,
        alerts=alerts,
        alerts_last_7_days=last_week or 0,
        decisions=sum(row.amount for row in by_word),
        placed=_amount_of(by_word, Decision.PLACED),
        ignored=_amount_of(by_word, Decision.IGNORED),
        open_positions=sum(row.held for row in by_word if is_open_position(row.decision, None, None, None)),
        with_pnl=with_pnl,
        pnl=sum(row.pnl or 0.0 for row in by_word) if with_pnl else None,
        hit_rate=sum(row.wins for row in by_word) / with_pnl if with_pnl else None,
    )


def _by_word(user_id: str) -> Any:
    """Return the statement of counts by what is stored as the decision: the old bot had many words."""
    table = _DECISIONS
    held = and_(table.c.exit_price.is_(None), table.c.pnl.is_(None), table.c.closed_at.is_(None))
    return (
        select(
            table.c.decision,
            func.count().label("amount"),
            func.sum(case((held, 1), else_=0)).label("held"),
            func.count(table.c.pnl).label("with_pnl"),
            func.sum(table.c.pnl).label("pnl"),
            func.sum(case((table.c.pnl > 0, 1), else_=0)).label("wins"),
        )
        .where(table.c.user_id == user_id)
        .group_by(table.c.decision)
    )


def _amount_of(by_word: Sequence[Row[Any]], decision: Decision) -> int:
    return sum(row.amount for row in by_word if parse_decision(row.decision) is decision)
