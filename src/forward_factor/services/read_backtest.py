"""One backtest a user had run."""

from __future__ import annotations

from forward_factor.backtest.results import BacktestResult
from forward_factor.errors import NotFound
from forward_factor.services.backtest_views import LOST_AFTER, RunDetails, RunState
from forward_factor.services.ports import Clock, Transactions

NO_RUN = "there is no such backtest"


async def read_backtest(store: Transactions, clock: Clock, user_id: str, run_id: str) -> RunDetails:
    """Return a run with all that came out of it, trades too.

    Raises:
        NotFound: there is none, or it is another user's.

    """
    async with store.reading() as work:
        run = await work.backtests.with_id(user_id, run_id, clock.now() - LOST_AFTER)
        if run is None:
            raise NotFound(NO_RUN)
        result = await work.backtests.result_of(user_id, run_id) if run.state is RunState.DONE else None
    return RunDetails(run, result)


async def read_backtest_result(store: Transactions, clock: Clock, user_id: str, run_id: str) -> BacktestResult:
    """Return what came out of a run.

    Raises:
        NotFound: there is none, it is another user's, or nothing came out of it.

    """
    found = await read_backtest(store, clock, user_id, run_id)
    if found.result is not None:
        return found.result
    if found.run.state is RunState.DONE:
        raise NotFound("this backtest was stored by another version of the program: run it again")
    raise NotFound(f"nothing came out of this backtest: it is {found.run.state}")
