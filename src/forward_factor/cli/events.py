"""``events``: earnings dates from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, counted, out, run, warn
from forward_factor.core.earnings import EarningsEvent
from forward_factor.providers.files.earnings import read_earnings
from forward_factor.services.import_earnings import import_earnings

PARTIAL = 3
MOST_FAULTS = 20

app = typer.Typer(help="Earnings announcements.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep ``import`` a command of its own."""


@app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="CSV with ticker,date,timing,confirmed,source.")],
) -> None:
    """Store the announcements of a CSV file; a row that cannot be read is named and left out (exit 3)."""
    reading = read_earnings(path)
    for fault in reading.faults[:MOST_FAULTS]:
        warn(fault)
    if len(reading.faults) > MOST_FAULTS:
        warn(f"… and {len(reading.faults) - MOST_FAULTS} more rows")
    stored = run(_import(application(context), reading.events))
    out.print(f"{counted(stored, 'announcement')} stored, {counted(len(reading.faults), 'row')} left out")
    if reading.faults:
        raise typer.Exit(PARTIAL)


async def _import(application: Application, events: tuple[EarningsEvent, ...]) -> int:
    async with application.store() as store:
        return await import_earnings(store, events)
