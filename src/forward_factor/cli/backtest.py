"""``backtest``: the rule on recorded chains, with honest fills."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import typer

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.report import render_report
from forward_factor.backtest.request import USUAL_PAIR, BacktestRequest
from forward_factor.backtest.results import BacktestResult, SweepResult
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.summary import summarise
from forward_factor.backtest.sweep import changed, combinations, sum_up
from forward_factor.bootstrap import Application
from forward_factor.cli import backtest_options as options
from forward_factor.cli.backtest_report import print_backtest
from forward_factor.cli.chain_paths import split_files
from forward_factor.cli.console import application, complain, counted, note, print_json, run, warn
from forward_factor.cli.progress import share_bar
from forward_factor.core.rules import VolPoint
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.events import read_events
from forward_factor.providers.registry import open_file_history
from forward_factor.services.ports.history import ChainHistory, Span
from forward_factor.services.run_backtest import Backtested, GivenEvents, KnownEvents, StoredEvents, run_backtest

PARTIAL = 3
MOST_LINES = 20


def backtest(
    context: typer.Context,
    tickers: options.Tickers = None,
    chains: options.Chains = None,
    from_store: options.FromStore = False,
    provider: options.Provider = None,
    start: options.Start = None,
    end: options.End = None,
    events: options.Events = None,
    pair: options.Pairs = None,
    vol_point: options.Point = VolPoint.ATM,
    threshold: options.Threshold = None,
    structure: options.StructureOption = Structure.CALL,
    stability: options.Stability = 1,
    max_spread: options.MaxSpread = None,
    min_open_interest: options.MinOpenInterest = None,
    min_volume: options.MinVolume = None,
    exit_days: options.ExitDays = 1,
    target: options.Target = None,
    stop: options.Stop = None,
    bankroll: options.Bankroll = 100_000.0,
    risk: options.Risk = 0.02,
    win_rate: options.WinRate = None,
    win_loss: options.WinLoss = None,
    capacity: options.Capacity = 0.10,
    max_positions: options.MaxPositions = 10,
    max_at_risk: options.MaxAtRisk = 0.20,
    fill: options.FillOption = Fill.PARTIAL,
    partial_share: options.PartialShare = 0.5,
    commission: options.Commission = 0.65,
    sweep: options.Sweep = None,
    trials: options.Trials = 1,
    seed: options.Seed = 7,
    as_json: options.AsJson = False,
    report: options.Report = None,
) -> None:
    """Test the rule on recorded chains, under mid, partial and touch fills. docs/backtest.md has the exact rules.

    Exit code 0: all read. 3: some chains could not be read or look damaged (said on stderr). 1: none there.
    """
    own = application(context)
    request = BacktestRequest(
        pair=tuple(pair or [USUAL_PAIR]), vol_point=vol_point, threshold=threshold, structure=structure,
        stability=stability, max_spread=max_spread, min_open_interest=min_open_interest, min_volume=min_volume,
        exit_days=exit_days, target=target, stop=stop, bankroll=bankroll, risk=risk, win_rate=win_rate,
        win_loss=win_loss, capacity=capacity, max_positions=max_positions, max_at_risk=max_at_risk, fill=fill,
        partial_share=partial_share, commission=commission, seed=seed,
    )  # fmt: skip
    named, files = split_files(tickers or [], chains or [])
    source = Source(own, tuple(named), tuple(files), from_store, provider, Span(_date(start), _date(end)), events)
    axes = _axes(sweep or [])
    raise typer.Exit(run(Work(source, request.rules(own.rules()), axes, trials, fill, as_json, report).run()))


@dataclass(frozen=True, slots=True)
class Source:
    """Where chains and events come from, as the command line said."""

    application: Application
    tickers: tuple[str, ...]
    files: tuple[Path, ...]
    from_store: bool
    provider: str | None
    span: Span
    events: Path | None

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            InvalidInput: it does not.

        """
        if bool(self.files) == self.from_store:
            raise InvalidInput("say where chains come from: --chains FILE …, or --from-store; one of them")
        if self.provider is not None and not self.from_store:
            raise InvalidInput("--provider goes with --from-store")
        if self.events is not None and self.from_store:
            raise InvalidInput("--events goes with --chains: the store has events of its own")
        if self.span.start and self.span.end and self.span.start > self.span.end:
            raise InvalidInput(f"--start {self.span.start} is after --end {self.span.end}")

    async def open(self, opened: AsyncExitStack) -> tuple[ChainHistory, KnownEvents]:
        """Return the chains and the events."""
        if self.from_store:
            store = await opened.enter_async_context(self.application.store())
            return store.history(self.provider), StoredEvents(store)
        return open_file_history(self.files), _given(self.events)


@dataclass(frozen=True, slots=True)
class Work:
    """One backtest as the command line asked for it."""

    source: Source
    rules: BacktestRules
    axes: dict[str, list[str]]
    stated_trials: int
    fill: Fill
    as_json: bool
    report: Path | None

    async def run(self) -> int:
        """Run it and show what came out; return the exit code."""
        self.source.check()
        if self.stated_trials > 1 and not self.axes:
            raise InvalidInput("--trials goes with --sweep: it says how many the best was picked from")
        if self.report is not None and not self.report.parent.is_dir():
            raise InvalidInput(f"{self.report} cannot be written: there is no such folder")
        grid = combinations(self.axes) if self.axes else []
        trials = [self.rules, *(changed(self.rules, values) for values in grid)]
        async with AsyncExitStack() as opened:
            history, events = await self.source.open(opened)
            watch = opened.enter_context(share_bar("backtesting"))
            done = await run_backtest(history, trials, self.source.tickers, self.source.span, events, watch)
        result = summarise(done.books[0], done.observed, self.fill)
        sweep = sum_up(done.books[1:], grid, self.fill, self.stated_trials) if grid else None
        self._show(result, sweep)
        return _complaints(done)

    def _show(self, result: BacktestResult, sweep: SweepResult | None) -> None:
        if self.report is not None:
            _write(self.report, render_report(result, sweep))
            note(f"report written to {self.report}")
        if self.as_json:
            print_json({**asdict(result), "sweep": sweep})
        else:
            print_backtest(result, sweep)


def _date(instant: datetime | None) -> date | None:
    return None if instant is None else instant.date()


def _axes(sweeps: Sequence[str]) -> dict[str, list[str]]:
    axes: dict[str, list[str]] = {}
    for text in sweeps:
        name, _, listed = text.partition("=")
        axes[name.strip()] = [one.strip() for one in listed.split(",") if one.strip()]
    return axes


def _given(path: Path | None) -> GivenEvents:
    if path is None:
        return GivenEvents()
    reading = read_events(path)
    _warn_all(reading.faults)
    return GivenEvents(reading.earnings, reading.actions)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}") from error


def _complaints(done: Backtested) -> int:
    for failure in done.failures[:MOST_LINES]:
        complain(str(failure.error) if failure.source in str(failure.error) else f"{failure.source}: {failure.error}")
    if len(done.failures) > MOST_LINES:
        complain(f"… and {counted(len(done.failures) - MOST_LINES, 'failure')} more")
    _warn_all(done.damaged)
    return PARTIAL if done.failures or done.damaged else 0


def _warn_all(lines: Sequence[str]) -> None:
    for line in lines[:MOST_LINES]:
        warn(line)
    if len(lines) > MOST_LINES:
        warn(f"… and {len(lines) - MOST_LINES:,} more")
