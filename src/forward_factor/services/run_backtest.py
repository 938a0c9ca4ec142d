"""Backtest: recorded chains through the simulation, one trial or many, with the progress told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from forward_factor.backtest.book import Book
from forward_factor.backtest.engine import Observed, Recording, Simulation, scan_rules
from forward_factor.backtest.rules import BacktestRules
from forward_factor.core.earnings import EarningsEvent
from forward_factor.errors import NotFound
from forward_factor.services.chain_damage import describe_damage
from forward_factor.services.ports import ChainFailure
from forward_factor.services.ports.history import ChainHistory, HistoryStep, Span

Earnings = Mapping[str, tuple[EarningsEvent, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Backtested:
    """Trials that have ended, and what was wrong with the data.

    Attributes:
        books: one a trial, in their order.
        damaged: chains that look damaged, with what is wrong.

    """

    books: tuple[Book, ...]
    observed: Observed
    failures: tuple[ChainFailure, ...] = ()
    damaged: tuple[str, ...] = field(default=())


async def run_backtest(
    history: ChainHistory,
    trials: Sequence[BacktestRules],
    tickers: Sequence[str] = (),
    span: Span | None = None,
    earnings: Earnings | None = None,
    watch: Callable[[float], None] = lambda _: None,
) -> Backtested:
    """Run ``trials`` over one pass of what was recorded.

    Args:
        history: where chains come from.
        trials: at least one, all with the same gates.
        tickers: whose chains; none means all.
        span: dates to look at; None means all.
        earnings: known announcements, by ticker.
        watch: is told the share done, 0 to 1, after each step.

    Raises:
        NotFound: there is no chain at all.

    """
    simulation, known = Simulation(trials), earnings or {}
    horizon_days = scan_rules(trials).horizon_days
    failures: list[ChainFailure] = []
    damaged: list[str] = []
    async for step in history.read(tickers, span or Span()):
        failures += step.failures
        damaged += _damage(step, horizon_days)
        simulation.take([Recording(one.chain, one.digest, known.get(one.chain.ticker, ())) for one in step.chains])
        watch(step.done)
    if not simulation.observed.snapshots:
        why = f": {failures[0].error}" if failures else " of these tickers and dates"
        raise NotFound(f"there is no recorded chain{why}")
    simulation.end()
    return Backtested(simulation.books, simulation.observed, tuple(failures), tuple(damaged))


def _damage(step: HistoryStep, horizon_days: int) -> list[str]:
    return [
        f"{one.chain.ticker} {one.chain.as_of:%Y-%m-%dT%H:%M:%SZ}: {damage}"
        for one in step.chains
        if (damage := describe_damage(one.chain, horizon_days))
    ]
