"""``db copy``, ``db verify``: the move from one store to another, and its proof."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from forward_factor.cli.console import count, err, note, out, print_json, run, warn
from forward_factor.cli.tables import Column, draw_table
from forward_factor.storage.transfer.copying import copy_database
from forward_factor.storage.transfer.proving import verify_databases
from forward_factor.storage.transfer.report import DIFFERS, QUARANTINED, TransferReport

FAILED, PARTIAL = 1, 3
MOST_DIFFERENCES = 20


class TargetSchema(StrEnum):
    """The schema of a target: this version's own, or the old bot's."""

    OWN = "own"
    LEGACY = "legacy"


Source = Annotated[
    str, typer.Argument(metavar="SOURCE_URL", help="Store to read, e.g. sqlite:///ffbot.db; never written.")
]
Target = Annotated[str, typer.Argument(metavar="TARGET_URL", help="Empty store, or one that holds an earlier pass.")]
AsJson = Annotated[bool, typer.Option("--json", help="One report in JSON on stdout.")]


def copy(
    source: Source,
    target: Target,
    target_schema: Annotated[
        TargetSchema, typer.Option(help="`legacy` writes a SQLite file that the old bot opens as its own.")
    ] = TargetSchema.OWN,
    as_json: AsJson = False,
) -> None:
    """Copy a store into another and prove it; again to finish what was cut off, or carry over what has changed.

    Exit 0: all copied and verified; 3: copied, some rows in quarantine; 1: failed, or something differs.
    """
    with show_progress() as progress:
        report = run(copy_database(source, target, progress, to_legacy=target_schema is TargetSchema.LEGACY))
    _show(report, as_json)


def verify(source: Source, target: Target, as_json: AsJson = False) -> None:
    """Prove a copy anew: every row of both stores is read and compared; nothing is written.

    Exit 0: equal; 3: equal but for rows in quarantine; 1: something differs.
    """
    with show_progress() as progress:
        report = run(verify_databases(source, target, progress))
    _show(report, as_json)


class ShownProgress:
    """A bar on stderr: what is being done, rows, rows a second, bytes, time left."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None
        self._size = 0

    def step(self, name: str, total: int | None = None) -> None:
        """Begin a step."""
        if self._task is not None:
            self._bar.stop_task(self._task)
        self._size = 0
        self._task = self._bar.add_task(name, total=total, rate="", size="")

    def advance(self, rows: int, size: int = 0) -> None:
        """Go on by so many rows."""
        if self._task is None:
            return
        self._size += size
        self._bar.update(self._task, advance=rows, size=f"{self._size / 1e6:,.0f} MB")
        speed = self._bar.tasks[self._task].speed
        if speed:
            self._bar.update(self._task, rate=f"{speed:,.0f} rows/s")

    def say(self, message: str) -> None:
        """Say something beside the bar."""
        warn(message)


@contextmanager
def show_progress() -> Iterator[ShownProgress]:
    """Show a bar while the body runs, where stderr is a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[size]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield ShownProgress(bar)


def _show(report: TransferReport, as_json: bool) -> None:
    if report.shortfall:
        note(f"the target is {report.shortfall}")
    if as_json:
        print_json(asdict(report))
    else:
        _print(report)
    if report.status == DIFFERS:
        raise typer.Exit(FAILED)
    if report.status == QUARANTINED:
        raise typer.Exit(PARTIAL)


def _print(report: TransferReport) -> None:
    tables = list(report.tables.items())
    columns = [
        Column("table", [name for name, _ in tables]),
        Column("source", [count(one.source) for _, one in tables], is_number=True),
        Column("copied", [count(one.copied) for _, one in tables], is_number=True),
        Column("quarantined", [count(one.quarantined) for _, one in tables], is_number=True),
        Column("target", [count(one.target) for _, one in tables], is_number=True),
        Column("equal", ["yes" if one.match else "[red]no[/]" for _, one in tables]),
        Column("written", [count(one.written) for _, one in tables], is_number=True, rank=1),
    ]
    if any(one.restored for _, one in tables):
        restored = [count(one.restored) for _, one in tables]
        columns.insert(4, Column("restored", restored, is_number=True))
    out.print(draw_table(None, columns))
    for name, one in tables:
        for difference in one.differences[:MOST_DIFFERENCES]:
            warn(f"{name} {difference.key}: {difference.kind}")
    for reason, number in report.reasons.items():
        note(f"in quarantine: {count(number)} of {escape(reason)}")
    if report.left_behind:
        left = ", ".join(f"{name} ({count(number)})" for name, number in report.left_behind.items())
        note(f"the target's schema has no place for: {left}")
    rate = f"copied and verified in {report.proved_s:.1f} s ({count(report.rows_per_s)} rows/s)"
    out.print(f"{report.status}: {rate}, {report.elapsed_s:.1f} s in all")
