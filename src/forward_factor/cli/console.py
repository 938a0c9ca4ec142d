"""Where the command line writes: results on stdout, everything else on stderr."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from forward_factor.bootstrap import Application

Result = TypeVar("Result")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def application(context: typer.Context) -> Application:
    """Return the application that the top command built."""
    found = context.obj
    assert isinstance(found, Application)
    return found


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run ``work`` to its end."""
    return asyncio.run(work)


def complain(message: str) -> None:
    """Say on stderr, in one line, what went wrong."""
    line = " ".join(message.split())
    err.print(f"[bold red]error:[/] {escape(line)}", soft_wrap=True)


def warn(message: str) -> None:
    """Say on stderr, in one line, what was left out."""
    line = " ".join(message.split())
    err.print(f"[yellow]warning:[/] {escape(line)}", soft_wrap=True)


def note(message: str) -> None:
    """Say on stderr what may be good to know."""
    err.print(f"[dim]{escape(message)}[/]", soft_wrap=True)


def print_json(value: object) -> None:
    """Write ``value`` as one line of JSON: numbers in full, missing ones null, instants in UTC."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def table(title: str | None, *columns: str) -> Table:
    """Return an empty table; a column whose name starts with ``>`` is right-aligned."""
    drawn = Table(title=title, title_justify="left", header_style="bold", pad_edge=False, box=None)
    for column in columns:
        drawn.add_column(
            column.removeprefix(">"),
            justify="right" if column.startswith(">") else "left",
            no_wrap=True,
            overflow="fold",
        )
    return drawn


def percent(value: float | None, digits: int = 1) -> str:
    """Return a decimal as percent, a dash for none."""
    return "–" if value is None else f"{value * 100:.{digits}f} %"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number, a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def count(value: float | None) -> str:
    """Return a whole number with thousands set off, a dash for none."""
    return "–" if value is None else f"{value:,.0f}"
