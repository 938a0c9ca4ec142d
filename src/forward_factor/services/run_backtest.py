"""Backtest: recorded chains through the simulation, one trial or many, with the progress told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from forward_factor.backtest.book import Book
from forward_factor.backtest.engine import Observed, Recording, Simulation, scan_rules
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.splits import Splits
from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.earnings_words import EarningsHistory
from forward_factor.errors import NotFound
from forward_factor.services.chain_damage import describe_damage
from forward_factor.services.ports import ChainFailure, Transactions
from forward_factor.services.ports.history import ChainHistory, HistoryStep, RecordedChain, Span


@dataclass(frozen=True, slots=True, eq=False)
class TickerHistory:
    """What was said of one ticker's announcements, and its splits."""

    earnings: EarningsHistory
    splits: Splits


class KnownEvents(Protocol):
    """Knows events."""

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, TickerHistory]:
        """Return what is known of ``tickers``, of those of which anything is."""


class GivenEvents:
    """Events that somebody has in hand, be it none; nobody says when they became known, so they always were."""

    def __init__(self, earnings: Sequence[EarningsEvent] = (), actions: Sequence[CorporateAction] = ()) -> None:
        self._earnings: dict[str, list[EarningsEvent]] = defaultdict(list)
        self._actions: dict[str, list[CorporateAction]] = defaultdict(list)
        for event in earnings:
            self._earnings[event.ticker].append(event)
        for action in actions:
            self._actions[action.ticker].append(action)

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, TickerHistory]:
        """Return those of ``tickers``."""
        return {
            ticker: TickerHistory(
                EarningsHistory(self._earnings.get(ticker, ())), Splits(self._actions.get(ticker, ()))
            )
            for ticker in tickers
        }


class StoredEvents:
    """The events of a store, announcements as they were known at each instant."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, TickerHistory]:
        """Return those of ``tickers``."""
        async with self._store.reading() as work:
            earnings = await work.earnings.histories(tickers)
            actions = await work.corporate_actions.of_tickers(tickers)
        nothing = EarningsHistory(())
        return {
            ticker: TickerHistory(earnings.get(ticker, nothing), Splits(actions.get(ticker, ()))) for ticker in tickers
        }


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
    events: KnownEvents | None = None,
    watch: Callable[[float], None] = lambda _: None,
) -> Backtested:
    """Run ``trials`` over one pass of what was recorded.

    Args:
        history: where chains come from.
        trials: at least one, all with the same gates.
        tickers: whose chains; none means all.
        span: dates to look at; None means all.
        events: announcements, each used from when it was known, and splits; None where there are none.
        watch: is told the share done, 0 to 1, after each step.

    Raises:
        NotFound: there is no chain at all.

    """
    simulation, known = Simulation(trials), _Asked(events or GivenEvents())
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
    simulation.observed.hindsight = known.hindsight(simulation.observed, horizon_days)
    return Backtested(simulation.books, simulation.observed, tuple(failures), tuple(damaged))


class _Asked:
    """Asks once for the events of each ticker."""

    def __init__(self, events: KnownEvents) -> None:
        self._events = events
        self._known: dict[str, TickerHistory] = {}

    async def recordings(self, step: HistoryStep) -> list[Recording]:
        new = sorted({one.chain.ticker for one in step.chains} - self._known.keys())
        if new:
            found = await self._events.of_tickers(new)
            nothing = TickerHistory(EarningsHistory(()), Splits())
            self._known |= {ticker: found.get(ticker, nothing) for ticker in new}
        return [self._recording(one) for one in step.chains]

    def hindsight(self, observed: Observed, horizon_days: int) -> int:
        """Return how many announcements within reach of the chains count from ever."""
        if observed.first_at is None or observed.last_at is None:
            return 0
        first, last = observed.first_at.date(), observed.last_at.date() + timedelta(days=horizon_days)
        return sum(one.earnings.hindsight(first, last) for one in self._known.values())

    def _recording(self, one: RecordedChain) -> Recording:
        known = self._known[one.chain.ticker]
        return Recording(one.chain, one.digest, known.earnings.known_at(one.chain.as_of), known.splits)


def _damage(step: HistoryStep, horizon_days: int) -> list[str]:
    return [
        f"{one.chain.ticker} {one.chain.as_of:%Y-%m-%dT%H:%M:%SZ}: {damage}"
        for one in step.chains
        if (damage := describe_damage(one.chain, horizon_days))
    ]
