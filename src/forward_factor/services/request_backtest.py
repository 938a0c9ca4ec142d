"""Have a backtest run: what a user asked for, as a row that says it is under way."""

from __future__ import annotations

from uuid import uuid4

from forward_factor.backtest.request import BacktestRequest
from forward_factor.errors import NotFound, TooManyRequests
from forward_factor.services.backtest_views import LOST_AFTER, RUNS_KEPT, SERVER_STOPPED, RunState, RunView
from forward_factor.services.ports import Clock, Transactions

COME_AGAIN_S = 10


async def request_backtest(store: Transactions, clock: Clock, user_id: str, request: BacktestRequest) -> RunView:
    """Store a run and return it; a user has one under way at a time, and the newest fifty are kept.

    Raises:
        TooManyRequests: another one of the user's is under way.
        NotFound: there is no such account any more.

    """
    async with store.unit_of_work() as work:
        if await work.users.lock(user_id) is None:
            raise NotFound("there is no such account any more")
        now = clock.now()
        await work.backtests.fail_lost(now - LOST_AFTER, SERVER_STOPPED, now)
        runs = await work.backtests.of_user(user_id, now - LOST_AFTER)
        if any(run.state is RunState.RUNNING for run in runs):
            raise TooManyRequests("a backtest of yours is under way: wait for it, or delete it", COME_AGAIN_S)
        run_id = str(uuid4())
        await work.backtests.add(run_id, user_id, request, now)
        await work.backtests.delete_old(user_id, RUNS_KEPT)
        await work.commit()
    return RunView(
        id=run_id, state=RunState.RUNNING, created_at=now, finished_at=None, progress=0.0, parameters=request
    )
