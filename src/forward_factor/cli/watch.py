"""``watch``: who watches which tickers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, counted, note, one_line, out, print_json, run
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.ticker import parse_ticker
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.find_user import find_user
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.remove_from_watchlist import remove_from_watchlist
from forward_factor.services.views import WatchedTicker

app = typer.Typer(help="Watchlists.", no_args_is_help=True)
OfUser = Annotated[str, typer.Option("--user", metavar="EMAIL", help="Whose watchlist.")]
Tickers = Annotated[list[str], typer.Argument(metavar="TICKER…", help="Which tickers, e.g. AAPL BRK.B.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command()
def add(context: typer.Context, tickers: Tickers, user: OfUser) -> None:
    """Put tickers on a user's watchlist, all or none."""
    wanted = _parsed(tickers)
    added = run(_add(application(context), user, wanted))
    out.print(f"{counted(len(added), 'ticker')} added" + _named(added))
    _note_rest([one for one in wanted if one not in added], "on the list already")


@app.command()
def remove(context: typer.Context, tickers: Tickers, user: OfUser) -> None:
    """Take tickers off a user's watchlist, all or none."""
    unwanted = _parsed(tickers)
    removed = run(_remove(application(context), user, unwanted))
    out.print(f"{counted(len(removed), 'ticker')} removed" + _named(removed))
    gone = {one.upper() for one in removed}
    _note_rest([one for one in unwanted if one not in gone], "not on the list")


@app.command("list")
def list_(context: typer.Context, user: OfUser, as_json: AsJson = False) -> None:
    """List what a user watches."""
    watched = run(_list(application(context), user))
    if as_json:
        for one in watched:
            print_json(asdict(one))
        return
    if not watched:
        out.print("Nothing watched yet. `forward-factor watch add TICKER --user EMAIL` adds a ticker.")
        return
    since = [f"{one.added_at:%Y-%m-%d %H:%M}" if one.added_at else "–" for one in watched]
    tickers = [f"[bold]{escape(one_line(one.ticker))}[/]" for one in watched]
    out.print(draw_table(None, [Column("ticker", tickers), Column("since (UTC)", since, rank=1)]))


async def _add(application: Application, email: str, tickers: Sequence[str]) -> Sequence[str]:
    async with application.store() as store:
        user = await find_user(store, email)
        return await add_to_watchlist(store, application.clock, user.id, tickers)


async def _remove(application: Application, email: str, tickers: Sequence[str]) -> Sequence[str]:
    async with application.store() as store:
        user = await find_user(store, email)
        return await remove_from_watchlist(store, user.id, tickers)


async def _list(application: Application, email: str) -> Sequence[WatchedTicker]:
    async with application.store() as store:
        user = await find_user(store, email)
        return await list_watchlist(store, user.id)


def _parsed(tickers: Sequence[str]) -> list[str]:
    """Return the tickers once each; a faulty one ends the command before a store is opened."""
    return list(dict.fromkeys(map(parse_ticker, tickers)))


def _named(tickers: Sequence[str]) -> str:
    return f": {escape(' '.join(tickers))}" if tickers else ""


def _note_rest(tickers: Sequence[str], why: str) -> None:
    if tickers:
        note(f"{why}: {' '.join(tickers)}")
