"""``scan``: one look at the chains, into the store and on to the screen."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from forward_factor.bootstrap import Application
from forward_factor.cli.chain_paths import split_files
from forward_factor.cli.console import application, complain, counted, err, note, print_json, run, warn
from forward_factor.cli.scan_json import scan_lines
from forward_factor.cli.scan_report import ScanReport
from forward_factor.core.rules import VolPoint
from forward_factor.errors import InvalidInput
from forward_factor.services.chain_damage import describe_damage
from forward_factor.services.ports import ChainFailure, Recorded
from forward_factor.services.scan_tickers import ScanStep

PARTIAL, FAILED = 3, 1


@dataclass(slots=True)
class Tally:
    """What a scan came to."""

    snapshots: int = 0
    contracts: int = 0
    failures: int = 0
    damaged: int = 0
    recorded: Recorded = field(default_factory=Recorded)

    @property
    def exit_code(self) -> int:
        """Return 0 where all went well, 1 where nothing could be scanned, 3 for a part."""
        if not self.snapshots:
            return FAILED
        return PARTIAL if self.failures or self.damaged else 0


def scan(
    context: typer.Context,
    tickers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TICKER]...", help="What to scan; all in the files if none."),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Where chains come from: files, polygon, cboe or simulated.")
    ] = None,
    chains: Annotated[
        list[Path] | None,
        typer.Option(help="Chain file (CSV, csv.gz, Parquet), directory or pattern; may repeat."),
    ] = None,
    vol_point: Annotated[list[VolPoint] | None, typer.Option(help="Vol point of the candidates; may repeat.")] = None,
    store: Annotated[bool, typer.Option("--store/--no-store", help="Whether to keep what is found.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a ticker and instant on stdout.")] = False,
) -> None:
    """Scan option chains once: term structures, candidates with their reasons, signals.

    Exit code 0: all scanned. 3: something was left out or looks damaged (said on stderr). 1: nothing scanned.
    """
    named, files = split_files(tickers or [], chains or [])
    provider = provider or ("files" if files else None)
    if provider is None:
        raise InvalidInput("say where chains come from: --chains FILE, or --provider polygon|cboe|simulated TICKER …")
    if files and provider != "files":
        raise InvalidInput(f"--chains goes with --provider files, not with {provider}")
    set_on_retry_hooks([_note_retry])
    work = Work(application(context), provider, tuple(named), tuple(files), tuple(vol_point or ()), store, as_json)
    raise typer.Exit(run(work.run()).exit_code)


@dataclass(frozen=True, slots=True)
class Work:
    """One scan as the command line asked for it."""

    application: Application
    provider: str
    tickers: tuple[str, ...]
    files: tuple[Path, ...]
    vol_points: tuple[VolPoint, ...]
    stores: bool
    as_json: bool

    async def run(self) -> Tally:
        """Scan, show and store; return what it came to."""
        tally, report = Tally(), ScanReport()
        async with AsyncExitStack() as opened:
            store = await opened.enter_async_context(self.application.store()) if self.stores else None
            provider = await opened.enter_async_context(self.application.provider(self.provider, self.files))
            progress = opened.enter_context(_progress())
            task = progress.add_task("scanning", total=len(self.tickers) or None)
            scanner = self.application.scanner(provider, store, self.vol_points)
            async for step in scanner.run(self.tickers):
                self._take(step, tally, report)
                progress.update(task, completed=tally.snapshots + tally.failures)
        if not self.as_json:
            report.print()
        note(_summary(tally, self.stores))
        return tally

    def _take(self, step: ScanStep, tally: Tally, report: ScanReport) -> None:
        if step.failure is not None:
            tally.failures += 1
            complain(_said(step.failure))
        if step.batch is None:
            return
        tally.snapshots += len(step.batch.chains)
        tally.contracts += sum(len(chain.contracts) for chain in step.batch.chains)
        tally.recorded += step.recorded
        for chain in step.batch.chains:
            damage = describe_damage(chain, step.batch.rules.horizon_days)
            if damage:
                tally.damaged += 1
                warn(f"{chain.ticker} {chain.as_of:%Y-%m-%dT%H:%M:%SZ}: {damage}")
        if self.as_json:
            for line in scan_lines(step.batch):
                print_json(line)
        else:
            report.add(step.batch)


def _note_retry(details: RetryDetails) -> None:
    """Tell who sits and waits; elsewhere the outcome is enough."""
    if err.is_terminal:
        note(f"{details.caused_by}: trying again in {details.wait_for:.0f} s")


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def _said(failure: ChainFailure) -> str:
    """Return a failure as one line; most messages name what they are about, and invalid input always does."""
    message = str(failure.error)
    names_it = isinstance(failure.error, InvalidInput) or failure.source in message
    return message if names_it else f"{failure.source}: {message}"


def _summary(tally: Tally, stores: bool) -> str:
    seen = f"{counted(tally.snapshots, 'chain')} with {counted(tally.contracts, 'contract')} scanned"
    left_out = f", {tally.failures} failed" if tally.failures else ""
    damaged = f", {tally.damaged} damaged" if tally.damaged else ""
    if not stores:
        return f"{seen}{left_out}{damaged}; nothing stored and no earnings dates looked up (--no-store)"
    kept = tally.recorded
    return (
        f"{seen}{left_out}{damaged}; new in the store: {counted(kept.snapshots, 'snapshot')}, "
        f"{counted(kept.quotes, 'quote')}, {counted(kept.signals, 'signal')}"
    )
