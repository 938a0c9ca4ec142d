"""Backtests in the background: each in a thread with an event loop and a store of its own.

The engine keeps a core busy for seconds or minutes; what else the process answers goes on beside it. The event loop
that was asked says every few seconds, in the run's row, how far it is, and writes what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

import stamina
import structlog

from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.summary import summarise
from forward_factor.core.rules import ScanRules
from forward_factor.errors import ForwardFactorError, InvalidInput, StoreUnavailable, TooManyRequests
from forward_factor.services.backtest_views import SERVER_STOPPED, FinishedRun, RunView, headline_of
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.backtest_stores import BacktestStore, OpenStore
from forward_factor.services.ports.history import Span
from forward_factor.services.request_backtest import COME_AGAIN_S, request_backtest
from forward_factor.services.run_backtest import Backtested, StoredEvents, run_backtest
from forward_factor.services.series import Series, SeriesRequest

BEAT_S = 2.0
STOP_WITHIN_S = 8.0
MOST_WARNINGS = 20
_UNFORESEEN = "something went wrong on the server; its log says what"
_log = structlog.get_logger("forward_factor.backtests")


@dataclass(frozen=True, slots=True)
class BacktestLimits:
    """What the backtests of a process may take.

    Attributes:
        at_once: how many run at a time, of all users.
        seconds: for one.
        quotes: recorded ones that one may read.

    """

    at_once: int = 2
    seconds: float = 300.0
    quotes: int = 20_000_000


class _Stopped(Exception):
    """A run that is not to go on."""


@dataclass(slots=True, eq=False)
class _Run:
    """One under way; ``progress`` is written by its thread, ``is_stopped`` read."""

    id: str
    request: BacktestRequest
    rules: BacktestRules
    deadline: float = 0.0
    progress: float = 0.0
    is_stopped: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class RunRequestedBacktests:
    """Runs what users ask for, on stored chains only.

    Args:
        open_store: opens another connection to the store.
        gates: the installation's own.
        clock: tells the time.
        limits: what they may take.

    """

    def __init__(
        self, open_store: OpenStore, gates: ScanRules, clock: Clock, limits: BacktestLimits | None = None
    ) -> None:
        self._open_store = open_store
        self._gates = gates
        self._clock = clock
        self._limits = limits or BacktestLimits()
        self._runs: dict[str, _Run] = {}
        self._beginning = 0
        self._threads = ThreadPoolExecutor(self._limits.at_once, "backtest")

    async def request(self, store: BacktestStore, user_id: str, request: BacktestRequest) -> RunView:
        """Begin a run and return it.

        Raises:
            InvalidInput: a parameter is out of range, or it is about too many quotes.
            TooManyRequests: the user has one under way, or this process as many as it may.

        """
        rules = request.rules(self._gates)
        if len(self._runs) + self._beginning >= self._limits.at_once:
            raise TooManyRequests("as many backtests as may are under way: come again in a moment", COME_AGAIN_S)
        self._beginning += 1
        try:
            await self._require_few(store, request)
            view = await request_backtest(store, self._clock, user_id, request)
            run = _Run(view.id, request, rules, monotonic() + self._limits.seconds)
            self._runs[run.id] = run
            run.task = asyncio.create_task(self._follow(run, store))
        finally:
            self._beginning -= 1
        return view

    async def delete(self, store: Transactions, user_id: str, run_id: str) -> bool:
        """Delete a user's run, and end it if it is under way; False if there is none, or it is another user's."""
        async with store.unit_of_work() as work:
            is_gone = await work.backtests.delete(user_id, run_id)
            await work.commit()
        if is_gone and run_id in self._runs:
            self._runs[run_id].is_stopped = True
        return is_gone

    async def finished(self) -> None:
        """Wait for all that are under way."""
        tasks = [run.task for run in self._runs.values() if run.task]
        if tasks:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """End all that are under way; their rows say that the server stopped."""
        for run in self._runs.values():
            run.is_stopped = True
        tasks = [run.task for run in self._runs.values() if run.task]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_WITHIN_S)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _require_few(self, store: BacktestStore, request: BacktestRequest) -> None:
        span = Span(request.start, request.end)
        wanted = SeriesRequest(
            series=Series.QUOTES,
            tickers=request.tickers,
            since=span.begins_at,
            until=span.ends_before,
            provider=request.provider,
        )
        quotes = await store.series.quotes_kept(wanted)
        if quotes > self._limits.quotes:
            raise InvalidInput(
                f"that is {quotes:,} recorded quotes, and a backtest here may read {self._limits.quotes:,}: "
                f"name fewer tickers or dates"
            )

    async def _follow(self, run: _Run, store: Transactions) -> None:
        """Say how far a run is until it ends, and store what came of it."""
        try:
            work = asyncio.get_running_loop().run_in_executor(self._threads, self._compute, run)
            while not (await asyncio.wait({work}, timeout=BEAT_S))[0]:
                await self._beat(run, store)
            await self._settle(run, store, work)
        finally:
            del self._runs[run.id]

    async def _beat(self, run: _Run, store: Transactions) -> None:
        try:
            async with store.unit_of_work() as work:
                run.is_stopped |= not await work.backtests.beat(run.id, run.progress, self._clock.now())
                await work.commit()
        except StoreUnavailable as fault:
            _log.warning("a backtest goes on without its store", run=run.id, error=str(fault))

    async def _settle(self, run: _Run, store: Transactions, work: asyncio.Future[FinishedRun]) -> None:
        fault = work.exception()
        error = None if fault is None else _words(fault)
        if error == _UNFORESEEN:
            _log.error("a backtest failed", run=run.id, exc_info=fault)
        try:
            await self._store(run, store, work.result() if error is None else error)
        except StoreUnavailable as gone:
            _log.error("what came of a backtest is lost", run=run.id, error=str(gone))

    async def _store(self, run: _Run, store: Transactions, outcome: FinishedRun | str) -> None:
        """Store what came out or why nothing did, and again after a fault that passes."""
        async for attempt in stamina.retry_context(on=StoreUnavailable, attempts=5, wait_initial=0.2, wait_max=5.0):
            with attempt:
                async with store.unit_of_work() as work:
                    if isinstance(outcome, str):
                        await work.backtests.fail(run.id, outcome, self._clock.now())
                    else:
                        await work.backtests.finish(run.id, outcome, self._clock.now())
                    await work.commit()

    def _compute(self, run: _Run) -> FinishedRun:
        """Run a backtest in this thread."""
        return asyncio.run(self._test(run))

    async def _test(self, run: _Run) -> FinishedRun:
        request = run.request
        async with self._open_store() as store:
            history, span = store.history(request.provider), Span(request.start, request.end)
            events = StoredEvents(store)
            done = await run_backtest(history, [run.rules], request.tickers, span, events, self._watch(run))
        result = summarise(done.books[0], done.observed, request.fill)
        return FinishedRun(result, headline_of(result), tuple(_warnings(done)))

    def _watch(self, run: _Run) -> Callable[[float], None]:
        def watch(progress: float) -> None:
            run.progress = progress
            if run.is_stopped:
                raise _Stopped
            if monotonic() > run.deadline:
                raise InvalidInput(f"it took longer than {self._limits.seconds:g} s: name fewer tickers or dates")

        return watch


def _words(fault: BaseException) -> str:
    if isinstance(fault, _Stopped):
        return SERVER_STOPPED
    if isinstance(fault, StoreUnavailable):
        return "the store could not be reached: run it again"
    return str(fault) if isinstance(fault, ForwardFactorError) else _UNFORESEEN


def _warnings(done: Backtested) -> Sequence[str]:
    lines = [*(str(one.error) for one in done.failures), *done.damaged]
    more = [f"… and {len(lines) - MOST_WARNINGS:,} more"] if len(lines) > MOST_WARNINGS else []
    return [*lines[:MOST_WARNINGS], *more]
