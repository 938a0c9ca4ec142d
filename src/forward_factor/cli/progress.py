"""Bars with the time left, on stderr, where that is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from forward_factor.cli.console import err


@contextmanager
def share_bar(words: str) -> Iterator[Callable[[float], None]]:
    """Show how much of a work is done, and the time left; what is yielded is told the share done, 0 to 1."""
    bar = Progress(
        TextColumn(words),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=1.0)
        yield lambda done: bar.update(task, completed=done)
