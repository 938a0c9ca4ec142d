"""The backtests of users; what came out of them is JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.results import BacktestResult
from forward_factor.services.backtest_views import SERVER_STOPPED, FinishedRun, Headline, RunState, RunView
from forward_factor.storage.tables import BacktestRun, table_of

_BROUGHT = ("headline", "warnings", "result")


class SqlBacktestRunRepository:
    """Runs on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(BacktestRun)

    async def add(self, run_id: str, user_id: str, request: BacktestRequest, at: datetime) -> None:
        """Store a run that begins."""
        row = {
            "id": run_id,
            "user_id": user_id,
            "created_at": at,
            "state": RunState.RUNNING.value,
            "progress": 0.0,
            "seen_at": at,
            "parameters": _plain(request),
        }
        await self._connection.execute(insert(self._table).values(row))

    async def of_user(self, user_id: str, lost_before: datetime) -> Sequence[RunView]:
        """Return a user's runs, the newest first; those not heard of since ``lost_before`` have failed."""
        table = self._table
        of_user = select(*self._shown()).where(table.c.user_id == user_id)
        rows = await self._connection.execute(of_user.order_by(table.c.created_at.desc(), table.c.id))
        return [_view(row, lost_before) for row in rows.all()]

    async def with_id(self, user_id: str, run_id: str, lost_before: datetime) -> RunView | None:
        """Return one of a user's runs."""
        rows = await self._connection.execute(select(*self._shown()).where(self._is(user_id, run_id)))
        row = rows.first()
        return None if row is None else _view(row, lost_before)

    async def result_of(self, user_id: str, run_id: str) -> BacktestResult | None:
        """Return what came out of a run; None where nothing did, or another version of this program wrote it."""
        rows = await self._connection.execute(select(self._table.c.result).where(self._is(user_id, run_id)))
        stored = rows.scalar_one_or_none()
        try:
            return None if stored is None else msgspec.convert(stored, BacktestResult)
        except msgspec.ValidationError:
            return None

    async def beat(self, run_id: str, progress: float, at: datetime) -> bool:
        """Say that a run goes on; False if it is deleted, or was given up."""
        return await self._change(run_id, {"progress": progress, "seen_at": at})

    async def finish(self, run_id: str, done: FinishedRun, at: datetime) -> bool:
        """Store what came out; False if the run is deleted, or was given up."""
        brought = {name: _plain(getattr(done, name)) for name in _BROUGHT}
        ended = {"state": RunState.DONE.value, "progress": 1.0, "seen_at": at, "finished_at": at}
        return await self._change(run_id, ended | brought)

    async def fail(self, run_id: str, error: str, at: datetime) -> bool:
        """Store why a run failed; False if it is deleted, or has ended."""
        return await self._change(run_id, {"state": RunState.FAILED.value, "error": error, "finished_at": at})

    async def fail_lost(self, lost_before: datetime, error: str, at: datetime) -> int:
        """Have those fail that were not heard of since ``lost_before``; return how many."""
        table = self._table
        lost = and_(table.c.state == RunState.RUNNING.value, table.c.seen_at < lost_before)
        failed = update(table).where(lost).values(state=RunState.FAILED.value, error=error, finished_at=at)
        return (await self._connection.execute(failed)).rowcount

    async def delete(self, user_id: str, run_id: str) -> bool:
        """Delete a run; False if it is none of the user's."""
        return (await self._connection.execute(delete(self._table).where(self._is(user_id, run_id)))).rowcount == 1

    async def delete_old(self, user_id: str, keep: int) -> int:
        """Delete all but a user's ``keep`` newest runs; return how many."""
        table = self._table
        newest = select(table.c.id).where(table.c.user_id == user_id)
        newest = newest.order_by(table.c.created_at.desc(), table.c.id).limit(keep)
        old = and_(table.c.user_id == user_id, table.c.id.not_in(newest))
        return (await self._connection.execute(delete(table).where(old))).rowcount

    def _shown(self) -> list[Any]:
        return [column for column in self._table.c if column.name not in {"result", "user_id"}]

    def _is(self, user_id: str, run_id: str) -> Any:
        return and_(self._table.c.id == run_id, self._table.c.user_id == user_id)

    async def _change(self, run_id: str, values: dict[str, Any]) -> bool:
        table = self._table
        running = and_(table.c.id == run_id, table.c.state == RunState.RUNNING.value)
        return (await self._connection.execute(update(table).where(running).values(values))).rowcount == 1


def _plain(value: object) -> Any:
    """Return a value as JSON has it; a number that JSON cannot write is null, and may not be read back."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _view(row: Row[Any], lost_before: datetime) -> RunView:
    is_lost = row.state == RunState.RUNNING and row.seen_at < lost_before
    return RunView(
        id=row.id,
        state=RunState.FAILED if is_lost else RunState(row.state),
        created_at=row.created_at,
        finished_at=row.finished_at,
        progress=row.progress,
        parameters=_parameters(row.parameters),
        headline=None if row.headline is None else msgspec.convert(row.headline, Headline),
        warnings=tuple(row.warnings or ()),
        error=SERVER_STOPPED if is_lost else row.error,
    )


def _parameters(stored: object) -> BacktestRequest:
    """Return what was asked for; what another version wrote and this one cannot read is the default."""
    try:
        return msgspec.convert(stored, BacktestRequest)
    except msgspec.ValidationError:
        return BacktestRequest()
