"""``bars``: prices of underlyings over minutes, hours and days: from files, from a provider, and on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from forward_factor.bootstrap import Application
from forward_factor.cli.bar_plots import draw_bars, say_time
from forward_factor.cli.console import application, count, counted, err, note, number, out, print_json, run, warn
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.adjustments import LeftOut
from forward_factor.core.bars import Timeframe, day_begins
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.providers.registry import read_bar_file
from forward_factor.services.fetch_bars import Fetched, Wanted, fetch_bars, last_settled_day, plan_spans
from forward_factor.services.import_bars import import_bars
from forward_factor.services.read_bars import BarsRead, WantedBars
from forward_factor.services.read_bars import read_bars as read_stored_bars
from forward_factor.services.record_views import BarView

if TYPE_CHECKING:
    from forward_factor.providers.files.bars import BarsReading

FAILED, PARTIAL = 1, 3
A_YEAR = timedelta(days=365)
ROWS_SHOWN = 20

app = typer.Typer(help="Prices of underlyings: bars of 1min, 1hour and 1day.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="A New York date.")]
Frame = Annotated[Timeframe, typer.Option(help="How long a bar is.")]


@app.command("import")
def import_(
    context: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(help="CSV, csv.gz or Parquet with ticker, date or timestamp, open, high, low, close, volume."),
    ],
    timeframe: Annotated[
        Timeframe | None, typer.Option(help="How long a bar is; dates say 1day by themselves.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(metavar="NAME", help="What timestamps without a zone mean, e.g. America/New_York.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Store the bars of a file; a row that is no bar is named and left out (exit 3).

    Prices are kept as they were traded: import raw ones. A bar that is stored already is replaced where it differs.
    """
    one = application(context)
    with _progress() as bar:
        task = bar.add_task("reading", total=None)
        reading = read_bar_file(path, timeframe, zone, lambda done, of: bar.update(task, completed=done, total=of))
        changed = run(_import(one, reading, bar))
    left_out = sum(reading.left_out.values())
    for fault in reading.faults:
        warn(fault)
    if left_out > len(reading.faults):
        warn(f"… and {left_out - len(reading.faults):,} more; in all: {_listed(reading.left_out)}")
    if as_json:
        print_json(_import_json(reading, changed))
    else:
        out.print(_told(reading, changed, left_out))
    if left_out:
        raise typer.Exit(PARTIAL)


@app.command("fetch")
def fetch(
    context: typer.Context,
    tickers: Annotated[list[str] | None, typer.Argument(metavar="[TICKER…]", help="Whose bars.")] = None,
    watched: Annotated[bool, typer.Option("--watched", help="Those of all tickers that users watch.")] = False,
    timeframe: Frame = Timeframe.DAY,
    start: Day = None,
    end: Day = None,
    provider: Annotated[
        str | None, typer.Option(help="polygon or simulated; by default the one scheduled scans use.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Days that are stored, too; other words replace.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch the trading days that are not stored yet; killed and run again, it goes on where it stopped.

    Without --start, a year; without --end, up to the last day whose trading is over.
    """
    if watched == bool(tickers):
        raise InvalidInput("name tickers, or say --watched, one of both")
    one = application(context)
    last = end.date() if end else last_settled_day(one.clock.now())
    first = start.date() if start else last - A_YEAR
    wanted = Wanted([parse_ticker(ticker) for ticker in tickers or ()], timeframe, first, last, again)
    fetched = run(_fetch(one, wanted, provider, is_quiet=as_json))
    if as_json:
        for span in fetched:
            print_json(_fetched_json(timeframe, span))
    _end_fetch(fetched)


@app.command("list")
def list_(
    context: typer.Context,
    ticker: Annotated[str, typer.Argument(help="Which ticker.")],
    timeframe: Frame = Timeframe.DAY,
    adjusted: Annotated[bool, typer.Option("--adjusted", help="Take splits and dividends out.")] = False,
    start: Day = None,
    end: Day = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 250,
    as_json: AsJson = False,
) -> None:
    """Show a ticker's bars: those stored as such, and where there are none those made from minutes."""
    wanted = WantedBars(
        ticker=parse_ticker(ticker),
        timeframe=timeframe,
        since=day_begins(start.date()) if start else None,
        until=day_begins(end.date() + timedelta(days=1)) if end else None,
        limit=limit,
        is_adjusted=adjusted,
    )
    found = run(_list(application(context), wanted))
    for one in found.left_out:
        warn(_said(one))
    if as_json:
        for bar in found.bars:
            print_json({"ticker": wanted.ticker, "timeframe": timeframe, "adjusted": adjusted, **asdict(bar)})
        return
    if not found.bars:
        out.print("No bars. `forward-factor bars import FILE` or `bars fetch TICKER` stores some.")
        return
    title = f"{wanted.ticker} {timeframe}, {'adjusted' if adjusted else 'as traded'}"
    out.print(draw_bars(title, timeframe, found.bars, out.width))
    out.print(draw_table(None, _columns(timeframe, found.bars[-ROWS_SHOWN:])))
    if len(found.bars) > ROWS_SHOWN:
        note(f"the last {ROWS_SHOWN} of {len(found.bars):,} bars; --json gives all")


async def _import(application: Application, reading: BarsReading, bar: Progress) -> int:
    async with application.store() as store:
        task = bar.add_task("storing", total=len(reading.table.bars))
        return await import_bars(store, reading.timeframe, reading.table, lambda rows: bar.advance(task, rows))


async def _fetch(application: Application, wanted: Wanted, provider: str | None, *, is_quiet: bool) -> list[Fetched]:
    fetched: list[Fetched] = []
    async with application.store() as store, application.market_data(provider, store.budgets) as data:
        if not wanted.tickers:
            async with store.reading() as work:
                watched = await work.watchlists.watched_by_any()
            wanted = Wanted(watched, wanted.timeframe, wanted.first, wanted.last, wanted.again)
        spans = await plan_spans(store, application.clock, wanted)
        with _progress() as bar:
            task = bar.add_task("fetching", total=sum(len(span.days) for span in spans))
            async for one in fetch_bars(store, data, wanted, spans):
                fetched.append(one)
                bar.update(task, advance=len(one.span.days), description=one.span.ticker)
                if one.failure is not None:
                    warn(f"{one.span.ticker} {one.span.days[0]} to {one.span.days[-1]}: {one.failure}")
    if not is_quiet:
        out.print(_summary(wanted, fetched))
    return fetched


async def _list(application: Application, wanted: WantedBars) -> BarsRead:
    async with application.store() as store:
        return await read_stored_bars(store, application.clock.now(), wanted)


def _end_fetch(fetched: Sequence[Fetched]) -> None:
    failures = sum(one.failure is not None for one in fetched)
    if failures:
        raise typer.Exit(FAILED if failures == len(fetched) else PARTIAL)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar with the time left while the body runs, where stderr is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn())
    with Progress(*columns, *times, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield bar


def _told(reading: BarsReading, changed: int, left_out: int) -> str:
    rows = len(reading.table.bars)
    repeated = f", {counted(reading.repeated, 'row')} said again" if reading.repeated else ""
    return (
        f"{counted(rows, 'bar')} of {counted(_tickers(reading), 'ticker')} ({reading.timeframe}): {changed:,} new or "
        f"changed, {rows - changed:,} stored already{repeated}, {counted(left_out, 'row')} left out"
    )


def _import_json(reading: BarsReading, changed: int) -> dict[str, object]:
    return {
        "timeframe": reading.timeframe,
        "tickers": _tickers(reading),
        "bars": len(reading.table.bars),
        "changed": changed,
        "repeated": reading.repeated,
        "left_out": dict(reading.left_out),
    }


def _tickers(reading: BarsReading) -> int:
    return len(set(reading.table.ticker.tolist()))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{rows:,} {why}" for why, rows in counts.items())


def _summary(wanted: Wanted, fetched: Sequence[Fetched]) -> str:
    if not fetched:
        return f"Nothing to fetch: every trading day from {wanted.first} to {wanted.last} that is over is stored."
    stored, changed = sum(one.bars for one in fetched), sum(one.changed for one in fetched)
    tickers = {one.span.ticker for one in fetched if one.failure is None}
    empty = sum(one.empty_days for one in fetched)
    failed = sum(len(one.span.days) for one in fetched if one.failure is not None)
    rest = [f", {counted(empty, 'day')} without any"] if empty else []
    rest += [f", {counted(failed, 'day')} not fetched"] if failed else []
    return f"{counted(stored, 'bar')} of {counted(len(tickers), 'ticker')}: {changed:,} new or changed{''.join(rest)}"


def _fetched_json(timeframe: Timeframe, one: Fetched) -> dict[str, object]:
    return {
        "ticker": one.span.ticker,
        "timeframe": timeframe,
        "first": one.span.days[0],
        "last": one.span.days[-1],
        "days": len(one.span.days),
        "bars": one.bars,
        "changed": one.changed,
        "empty_days": one.empty_days,
        "failure": None if one.failure is None else str(one.failure),
    }


def _said(one: LeftOut) -> str:
    action = one.action
    amount = "" if action.amount is None else f" of {action.amount:g}"
    return f"not adjusted for the {action.kind}{amount} of {action.effective_on}: {one.why}"


def _columns(timeframe: Timeframe, bars: Sequence[BarView]) -> list[Column]:
    prices = [
        Column(name, [number(getattr(bar, name), 2) for bar in bars], is_number=True, rank=rank)
        for name, rank in (("open", 2), ("high", 2), ("low", 2), ("close", 0))
    ]
    return [
        Column("date" if timeframe is Timeframe.DAY else "begins (UTC)", [say_time(timeframe, bar) for bar in bars]),
        *prices,
        Column("volume", [count(bar.volume) for bar in bars], is_number=True, rank=1),
        Column("made of", ["" if bar.minutes is None else counted(bar.minutes, "minute") for bar in bars], rank=3),
    ]
