"""``db backup`` and ``db restore``: a store into one file, and back into an empty store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from forward_factor.cli.console import application, counted, err, note, out, print_json, run, warn
from forward_factor.storage.backup.archive import Progress
from forward_factor.storage.backup.contents import Contents
from forward_factor.storage.backup.run import backup_store, restore_store
from forward_factor.storage.schema import newest_level

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def backup(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="The file to make; one that exists is refused.")],
    as_json: AsJson = False,
) -> None:
    """Back the store up into one file, from one consistent moment; others may go on writing meanwhile.

    A server's backup needs pg_dump on this machine.
    """
    one = application(context)
    began = time.monotonic()
    with _progress() as progress:
        made = run(backup_store(one.store_url, one.pool, path, one.clock.now(), progress))
    size = path.stat().st_size
    if as_json:
        said = {"bytes": size, "elapsed_s": time.monotonic() - began, "made_at": made.made_at}
        print_json({"status": "done", "path": str(path), **said, "contents": made.contents})
        return
    out.print(f"{_described(made.contents)} in {counted(size, 'byte')}: {path}", markup=False)


def restore(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="What `db backup` made.")],
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty store, and verify every table's rows.

    SQLite: the file must not exist yet. A server: the database must hold no tables. Nothing is overwritten, and
    nothing is touched before the whole backup was found sound. Retention that was armed stays off.
    """
    one = application(context)
    began = time.monotonic()
    with _progress() as progress:
        made, found = run(restore_store(one.store_url, one.pool, path, progress))
    left_off = made.contents.retention
    if left_off:
        warn(f"retention was armed on {', '.join(left_off)} and is off now: see `forward-factor db retention`")
    if as_json:
        said = {"elapsed_s": time.monotonic() - began, "made_at": made.made_at, "retention_left_off": left_off}
        print_json({"status": "done", "path": str(path), **said, "contents": found})
        return
    out.print(f"{_described(found)} restored and verified, as of {made.made_at:%Y-%m-%d %H:%M:%S} UTC", markup=False)
    note("`forward-factor db status` shows the store")
    if found.schema != newest_level():
        note("its schema is older than this version's: run `forward-factor db upgrade`")


def _described(contents: Contents) -> str:
    tables, rows = len(contents.rows), sum(contents.rows.values())
    extension = f", TimescaleDB {contents.timescale}" if contents.timescale else ""
    return f"{counted(tables, 'table')} with {counted(rows, 'row')} ({contents.kind} {contents.version}{extension})"


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show on a terminal what is being done, bytes and rate."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        tasks = {}

        def show(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield show
