"""Backtest: recorded chains through the simulation, one trial or many, with the progress told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from forward_factor.backtest.book import Book
from forward_factor.backtest.engine import Observed, Recording, Simulation, scan_rules
from forward_factor.backtest.rules import BacktestRules
from forward_factor.core.earnings import EarningsEvent
from forward_factor.errors import NotFound
from forward_factor.services.chain_damage import describe_damage
from forward_factor.services.ports import ChainFailure, Transactions
from forward_factor.services.ports.history import ChainHistory, HistoryStep, Span


class KnownEarnings(Protocol):
    """Knows announcements."""

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[EarningsEvent, ...]]:
        """Return all known announcements of ``tickers``."""


class GivenEarnings:
    """Announcements that somebody has in hand, be it none."""

    def __init__(self, events: Sequence[EarningsEvent] = ()) -> None:
        self._events: dict[str, list[EarningsEvent]] = defaultdict(list)
        for event in events:
            self._events[event.ticker].append(event)

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[EarningsEvent, ...]]:
        """Return those of ``tickers``."""
        return {ticker: tuple(self._events[ticker]) for ticker in tickers if ticker in self._events}


class StoredEarnings:
    """The announcements of a store."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[EarningsEvent, ...]]:
        """Return those of ``tickers``."""
        async with self._store.reading() as work:
            return await work.earnings.of_tickers(tickers)


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
    earnings: KnownEarnings | None = None,
    watch: Callable[[float], None] = lambda _: None,
) -> Backtested:
    """Run ``trials`` over one pass of what was recorded.

    Args:
        history: where chains come from.
        trials: at least one, all with the same gates.
        tickers: whose chains; none means all.
        span: dates to look at; None means all.
        earnings: known announcements; None where none are.
        watch: is told the share done, 0 to 1, after each step.

    Raises:
        NotFound: there is no chain at all.

    """
    simulation, known = Simulation(trials), _Asked(earnings or GivenEarnings())
    horizon_days = scan_rules(trials).horizon_days
    failures: list[ChainFailure] = []
    damaged: list[str] = []
    async for step in history.read(tickers, span or Span()):
        failures += step.failures
        damaged += _damage(step, horizon_days)
        simulation.take(await known.recordings(step))
        watch(step.done)
    if not simulation.observed.snapshots:
        why = f": {failures[0].error}" if failures else " of these tickers and dates"
        raise NotFound(f"there is no recorded chain{why}")
    simulation.end()
    return Backtested(simulation.books, simulation.observed, tuple(failures), tuple(damaged))


class _Asked:
    """Asks once for the announcements of each ticker."""

    def __init__(self, earnings: KnownEarnings) -> None:
        self._earnings = earnings
        self._known: dict[str, tuple[EarningsEvent, ...]] = {}

    async def recordings(self, step: HistoryStep) -> list[Recording]:
        new = sorted({one.chain.ticker for one in step.chains} - self._known.keys())
        if new:
            found = await self._earnings.of_tickers(new)
            self._known |= {ticker: tuple(found.get(ticker, ())) for ticker in new}
        return [Recording(one.chain, one.digest, self._known[one.chain.ticker]) for one in step.chains]


def _damage(step: HistoryStep, horizon_days: int) -> list[str]:
    return [
        f"{one.chain.ticker} {one.chain.as_of:%Y-%m-%dT%H:%M:%SZ}: {damage}"
        for one in step.chains
        if (damage := describe_damage(one.chain, horizon_days))
    ]
