"""Where the command line writes: results on stdout, everything else on stderr."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from forward_factor.bootstrap import Application, read_application
from forward_factor.logs import configure_logs

Result = TypeVar("Result")

PIPED_WIDTH, PIPED_HEIGHT = 160, 40
LONGEST_MESSAGE = 1000


def _console(*, stderr: bool) -> Console:
    """Return a console as wide as the terminal or COLUMNS; where there is neither, wide enough for any table."""
    has_width = "COLUMNS" in os.environ or any(map(os.isatty, (0, 1, 2)))
    width, height = (None, None) if has_width else (PIPED_WIDTH, PIPED_HEIGHT)
    return Console(stderr=stderr, highlight=False, emoji=False, width=width, height=height)


out = _console(stderr=False)
err = _console(stderr=True)


@dataclass(frozen=True, slots=True)
class Opening:
    """What was said before the command."""

    database_url: str | None


def application(context: typer.Context) -> Application:
    """Read the settings, and return the application they make.

    Raises:
        InvalidSettings: naming every faulty one.

    """
    opening = context.find_object(Opening)
    own = read_application(opening.database_url if opening else None)
    configure_logs(own.settings.log_level)
    return own


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run ``work`` to its end."""
    return asyncio.run(work)


def complain(message: str) -> None:
    """Say on stderr, in one line, what went wrong."""
    err.print(Text.assemble(("error:", "bold red"), " ", one_line(message)), soft_wrap=True)


def warn(message: str) -> None:
    """Say on stderr, in one line, what was left out."""
    err.print(Text.assemble(("warning:", "yellow"), " ", one_line(message)), soft_wrap=True)


def note(message: str) -> None:
    """Say on stderr what may be good to know."""
    err.print(Text(one_line(message), "dim"), soft_wrap=True)


def one_line(message: str) -> str:
    """Return ``message`` in one line, without characters that a terminal acts on, and not endless."""
    line = " ".join(message.split())
    if not line.isprintable():
        line = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in line)
    return line if len(line) <= LONGEST_MESSAGE else line[:LONGEST_MESSAGE] + "…"


def print_json(value: object) -> None:
    """Write ``value`` as one line of JSON: numbers in full, missing ones null, instants in UTC."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def counted(amount: int, noun: str) -> str:
    """Return ``1 chain`` or ``1,200 chains``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def percent(value: float | None, digits: int = 1) -> str:
    """Return a decimal as percent, a dash for none."""
    return "–" if value is None else f"{value * 100:.{digits}f} %"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number, a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def count(value: float | None) -> str:
    """Return a whole number with thousands set off, a dash for none."""
    return "–" if value is None else f"{value:,.0f}"
