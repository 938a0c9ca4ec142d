"""The ``forward-factor`` command: its groups, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from forward_factor import __version__
from forward_factor.bootstrap import Application
from forward_factor.cli import db, demo, events, findings, scan
from forward_factor.cli.console import complain
from forward_factor.config import Settings
from forward_factor.errors import ForwardFactorError, InvalidInput
from forward_factor.logs import configure_logs

FAILED, USAGE = 1, 2

app = typer.Typer(
    name="forward-factor",
    help="Scan option chains for front-month implied volatility that is dear against the forward volatility behind it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("scan")(scan.scan)
app.command("signals")(findings.signals)
app.command("why")(findings.why)
app.command("replay")(findings.replay)
app.add_typer(db.app, name="db")
app.add_typer(events.app, name="events")


@app.callback()
def options(
    context: typer.Context,
    database_url: Annotated[
        str | None,
        typer.Option(help="Store to use: sqlite:///file.db or postgresql://…; else DATABASE_URL, else your own file."),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.", is_eager=True)] = False,
) -> None:
    """Read the settings once, for whichever command follows."""
    if version:
        typer.echo(f"forward-factor {__version__}")
        raise typer.Exit
    settings = Settings.read()
    configure_logs(settings.log_level)
    context.obj = Application(settings, database_url)


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        app()
    except InvalidInput as fault:
        complain(str(fault))
        sys.exit(USAGE)
    except ForwardFactorError as fault:
        complain(str(fault))
        sys.exit(FAILED)
    except BrokenPipeError:
        # the reader of our output left (`| head`): not our failure, and nothing is left to flush to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
