"""Backtests that users asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.results import BacktestResult
from forward_factor.services.backtest_views import FinishedRun, RunView


class BacktestRunRepository(Protocol):
    """Keeps the runs of users."""

    async def add(self, run_id: str, user_id: str, request: BacktestRequest, at: datetime) -> None:
        """Store a run that begins."""

    async def of_user(self, user_id: str, lost_before: datetime) -> Sequence[RunView]:
        """Return a user's runs, the newest first; those not heard of since ``lost_before`` have failed."""

    async def with_id(self, user_id: str, run_id: str, lost_before: datetime) -> RunView | None:
        """Return one of a user's runs."""

    async def result_of(self, user_id: str, run_id: str) -> BacktestResult | None:
        """Return what came out of a run; None where nothing did, or another version of this program wrote it."""

    async def beat(self, run_id: str, progress: float, at: datetime) -> bool:
        """Say that a run goes on; False if it is deleted, or was given up."""

    async def finish(self, run_id: str, done: FinishedRun, at: datetime) -> bool:
        """Store what came out; False if the run is deleted, or was given up."""

    async def fail(self, run_id: str, error: str, at: datetime) -> bool:
        """Store why a run failed; False if it is deleted, or has ended."""

    async def fail_lost(self, lost_before: datetime, error: str, at: datetime) -> int:
        """Have those fail that were not heard of since ``lost_before``; return how many."""

    async def delete(self, user_id: str, run_id: str) -> bool:
        """Delete a run; False if it is none of the user's."""

    async def delete_old(self, user_id: str, keep: int) -> int:
        """Delete all but a user's ``keep`` newest runs; return how many."""
