"""Backtests of a user's side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from forward_factor.backtest.request import BacktestRequest
from forward_factor.errors import InvalidInput
from forward_factor.services.backtest_views import ComparedRun, Comparison
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.read_backtest import read_backtest, read_backtest_result

MOST_COMPARED = 10


async def compare_backtests(store: Transactions, clock: Clock, user_id: str, run_ids: Sequence[str]) -> Comparison:
    """Return runs side by side, and in which parameters they differ.

    Args:
        store: where they are.
        clock: tells which were lost.
        user_id: whose they are.
        run_ids: two to ten.

    Raises:
        InvalidInput: fewer or more.
        NotFound: one of them is none of the user's, or nothing came out of it.

    """
    wanted = list(dict.fromkeys(run_ids))
    if not 2 <= len(wanted) <= MOST_COMPARED:  # noqa: PLR2004 - one alone is not compared
        raise InvalidInput(f"name 2 to {MOST_COMPARED} backtests to compare, not {len(wanted)}")
    runs = [(await read_backtest(store, clock, user_id, one)).run for one in wanted]
    differing = _differing([run.parameters for run in runs])
    compared: list[ComparedRun] = []
    for run in runs:
        result = await read_backtest_result(store, clock, user_id, run.id)
        compared.append(
            ComparedRun(
                run=run,
                differing={name: _text(getattr(run.parameters, name)) for name in differing},
                figures={one.fill: one for one in result.figures},
                hold=result.hold,
                exposure=result.exposure,
                signals=result.signals,
            )
        )
    return Comparison(differing, compared)


def _differing(requests: Sequence[BacktestRequest]) -> list[str]:
    names = [field.name for field in fields(BacktestRequest)]
    return [name for name in names if len({getattr(one, name) for one in requests}) > 1]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "all"
    return "none" if value is None else str(value)
