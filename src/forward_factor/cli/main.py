"""The ``forward-factor`` command: its groups, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from forward_factor import __version__
from forward_factor.cli import (
    backtest,
    bars,
    db,
    decisions,
    demo,
    events,
    export,
    findings,
    health,
    history,
    quality,
    scan,
    serve,
    ticket,
    universe,
    users,
    watch,
)
from forward_factor.cli.console import Opening, complain
from forward_factor.errors import ForwardFactorError, InvalidInput

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
app.command("up")(serve.up)
app.command("api")(serve.api)
app.command("worker")(serve.worker)
app.command("scheduler")(serve.scheduler)
app.command("bot")(serve.bot)
app.command("reminders")(serve.reminders)
app.command("signals")(findings.signals)
app.command("why")(findings.why)
app.command("replay")(findings.replay)
app.command("history")(history.history)
app.command("quality")(quality.quality)
app.command("health")(health.health)
app.command("ticket")(ticket.ticket)
app.command("universe")(universe.universe)
app.command("backtest")(backtest.backtest)
app.add_typer(bars.app, name="bars")
app.command("export")(export.export)
app.add_typer(db.app, name="db")
app.add_typer(decisions.app, name="decisions")
app.add_typer(events.app, name="events")
app.add_typer(users.app, name="user")
app.add_typer(watch.app, name="watch")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"forward-factor {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    database_url: Annotated[
        str | None,
        typer.Option(help="Store to use: sqlite:///file.db or postgresql://…; else DATABASE_URL, else your own file."),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Keep what was said before the command; the command itself reads the settings, so that help needs none."""
    context.obj = Opening(database_url)


def main() -> None:
    """Run the command line and leave with its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot draw a dash still gets its numbers
    try:
        code = _run()
        sys.stdout.flush()
    except OSError as fault:
        if not isinstance(fault, BrokenPipeError):  # the reader of our output left (`| head`): nobody to tell
            complain(f"{fault.filename or 'output'}: {fault.strerror}")
        # what stdout still holds would fail again when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    sys.exit(code)


def _run() -> int:
    try:
        app()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0
    except InvalidInput as fault:
        complain(str(fault))
        return USAGE
    except ForwardFactorError as fault:
        complain(str(fault))
        return FAILED
    return 0
