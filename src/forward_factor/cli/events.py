"""``events``: earnings, dividends and splits from a file, and what is known of a ticker."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, counted, one_line, out, print_json, run, warn
from forward_factor.cli.fetching_events import Asked, told_decisions, told_events
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.chain import new_york_date
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.events import EARNINGS, EventsReading, read_events
from forward_factor.services.adjust_decisions import AdjustedDecisions
from forward_factor.services.import_events import ImportedEvents, import_events
from forward_factor.services.list_events import TickerEvents, list_events
from forward_factor.services.ports.events import EventKind
from forward_factor.services.remove_event import remove_event

PARTIAL = 3
MOST_FAULTS = 20
YEAR = timedelta(days=365)
_DAY = ["%Y-%m-%d"]

app = typer.Typer(help="Earnings announcements, dividends and splits.", no_args_is_help=True)


@app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            help="CSV with ticker,date,timing,confirmed,source; also kind (earnings, dividend, split), amount, ratio."
        ),
    ],
) -> None:
    """Store the events of a CSV file; a row that cannot be read is named and left out (exit 3)."""
    reading = read_events(path)
    for fault in reading.faults[:MOST_FAULTS]:
        warn(fault)
    if len(reading.faults) > MOST_FAULTS:
        warn(f"… and {len(reading.faults) - MOST_FAULTS} more rows")
    out.print(_told(run(_import(application(context), reading)), len(reading.faults)))
    if reading.faults:
        raise typer.Exit(PARTIAL)


@app.command()
def fetch(
    context: typer.Context,
    tickers: Annotated[list[str] | None, typer.Argument(metavar="[TICKER]...", help="Whose events.")] = None,
    watched: Annotated[bool, typer.Option("--watched", help="All that is watched, held or in the universe.")] = False,
    kind: Annotated[list[EventKind] | None, typer.Option(help="Which; may repeat, by default all.")] = None,
    start: Annotated[datetime | None, typer.Option(formats=_DAY, help="First date; by default a year ago.")] = None,
    end: Annotated[datetime | None, typer.Option(formats=_DAY, help="Last date; by default a year ahead.")] = None,
    provider: Annotated[str | None, typer.Option(help="polygon or simulated; else SCAN_PROVIDER's.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was fetched today.")] = False,
) -> None:
    """Fetch events from a provider; one that was ended goes on where it was.

    Exit code 0: all there. 3: some could not be had (said on stderr). 1: none.
    """
    one = application(context)
    today = new_york_date(one.clock.now())
    asked = Asked(
        application=one,
        tickers=tuple(dict.fromkeys(map(parse_ticker, tickers or []))),
        watched=watched,
        kinds=tuple(dict.fromkeys(kind or EventKind)),
        start=start.date() if start else today - YEAR,
        end=end.date() if end else today + YEAR,
        provider=provider,
        again=again,
    )
    raise typer.Exit(run(asked.run()))


@app.command()
def remove(
    context: typer.Context,
    ticker: Annotated[str, typer.Argument(help="Whose event.")],
    on: Annotated[datetime, typer.Argument(metavar="DATE", formats=_DAY, help="Its date.")],
    kind: Annotated[str, typer.Option(help="earnings, dividend or split.")] = EARNINGS,
) -> None:
    """Forget an event that was said by mistake; adjustments of a split are taken back."""
    if kind not in (EARNINGS, *ActionKind):
        raise InvalidInput(f"--kind is earnings, dividend or split, not {ascii(kind)[:40]}")
    action = None if kind == EARNINGS else ActionKind(kind)
    done = run(_remove(application(context), parse_ticker(ticker), action, on.date()))
    out.print(f"forgotten{told_decisions(done)}")


@app.command("list")
def list_(
    context: typer.Context,
    ticker: Annotated[str, typer.Argument(help="Which ticker.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """List what is known of a ticker's events, by date."""
    found = run(_list(application(context), parse_ticker(ticker)))
    all_of_them: list[EarningsEvent | CorporateAction] = [*found.earnings, *found.actions]
    events = sorted(all_of_them, key=_date_of)
    if as_json:
        for one in events:
            print_json({"kind": _kind(one), "date": _date_of(one), **_rest(one)})
        return
    if not events:
        out.print("No event known. `forward-factor events import FILE.csv` or `events fetch` stores some.")
        return
    columns = [
        Column("date", [f"{_date_of(one)}" for one in events]),
        Column("kind", [_kind(one) for one in events]),
        Column("", [_described(one) for one in events]),
        Column("source", [escape(one_line(one.source)) for one in events], rank=1),
    ]
    out.print(draw_table(None, columns))


async def _import(application: Application, reading: EventsReading) -> ImportedEvents:
    async with application.store() as store:
        return await import_events(store, application.clock, reading.earnings, reading.actions)


async def _remove(application: Application, ticker: str, kind: ActionKind | None, on: date) -> AdjustedDecisions:
    async with application.store() as store:
        return await remove_event(store, application.clock, ticker, kind, on)


async def _list(application: Application, ticker: str) -> TickerEvents:
    async with application.store() as store:
        return await list_events(store, ticker)


def _told(stored: ImportedEvents, left_out: int) -> str:
    return f"{told_events(stored)} stored, {counted(left_out, 'row')} left out{told_decisions(stored.decisions)}"


def _date_of(event: EarningsEvent | CorporateAction) -> str:
    return str(event.date if isinstance(event, EarningsEvent) else event.effective_on)


def _kind(event: EarningsEvent | CorporateAction) -> str:
    return EARNINGS if isinstance(event, EarningsEvent) else event.kind.value


def _rest(event: EarningsEvent | CorporateAction) -> dict[str, object]:
    values = asdict(event)
    return {name: value for name, value in values.items() if name not in {"kind", "date", "effective_on"}}


def _described(event: EarningsEvent | CorporateAction) -> str:
    if isinstance(event, EarningsEvent):
        confirmed = {True: "confirmed", False: "estimated", None: ""}[event.is_confirmed]
        return f"{event.timing.value} {confirmed}".strip()
    if event.ratio is not None:
        return f"{event.ratio:g} for 1"
    return "–" if event.amount is None else f"{event.amount:g} a share"
