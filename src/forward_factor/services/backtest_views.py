"""Backtests that users had run, as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.intervals import Interval
from forward_factor.backtest.metrics import CurveFigures
from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.results import BacktestResult, Exposure, FillFigures
from forward_factor.backtest.sharpe import Sharpe

RUNS_KEPT = 50
"""A user's newest runs; older ones go when another is asked for."""
LOST_AFTER = timedelta(seconds=30)
"""Who runs a backtest says every few seconds that it is at it; who has not for so long is gone."""
SERVER_STOPPED = "the server stopped before it was done: run it again"


class RunState(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Headline:
    """What came out, in few numbers, under the fill that was asked for; dollars, shares as decimals."""

    trades: int
    profit: float
    total_return: float
    sharpe: Sharpe | None
    hit_rate: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run of a user's.

    Attributes:
        progress: share of the recorded chains that has been read, 0 to 1.
        parameters: what was asked for.
        headline: of one that is done.
        warnings: chains that could not be read or look damaged, some of them.
        error: why it failed.

    """

    id: str
    state: RunState
    created_at: datetime
    finished_at: datetime | None
    progress: float
    parameters: BacktestRequest
    headline: Headline | None = None
    warnings: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What is stored of a run that is done."""

    result: BacktestResult
    headline: Headline
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunDetails:
    """A run with all that came out; the result is None while it is not done."""

    run: RunView
    result: BacktestResult | None


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One run among others.

    Attributes:
        differing: those of its parameters in which the runs differ, as text.
        figures: under each fill.

    """

    run: RunView
    differing: Mapping[str, str]
    figures: Mapping[Fill, FillFigures]
    hold: CurveFigures
    exposure: Exposure
    signals: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side, in the order they were named."""

    parameters: Sequence[str]
    runs: Sequence[ComparedRun]


def headline_of(result: BacktestResult) -> Headline:
    """Return the few numbers of a result."""
    curve, trades = result.headline.curve, result.headline.trades
    return Headline(trades.trades, curve.profit, curve.total_return, curve.sharpe, trades.hit_rate)
