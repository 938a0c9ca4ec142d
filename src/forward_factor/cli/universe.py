"""``universe``: the liquid universe that discovery scans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, count, counted, note, out, print_json, run
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.universe import UniverseEntry
from forward_factor.errors import InvalidInput
from forward_factor.services.list_universe import list_universe
from forward_factor.services.ports.universe import StoredUniverse
from forward_factor.services.refresh_universe import RefreshedUniverse, refresh_universe

AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="First choose it anew from the provider's daily bars.")]


def universe(context: typer.Context, refresh: Refresh = False, as_json: AsJson = False) -> None:
    """Show the most traded tickers, which of them have options, and which are members of the universe."""
    one = application(context)
    if refresh:
        _note_refreshed(run(_refresh(one)))
    stored = run(_list(one))
    if as_json:
        for entry in stored.entries:
            print_json(asdict(entry))
    elif not stored.entries:
        out.print("No universe yet. `forward-factor universe --refresh` makes one.")
    else:
        out.print(draw_table(_title(stored), _columns(stored.entries)))


async def _refresh(application: Application) -> RefreshedUniverse:
    size = application.settings.discovery_size
    if size == 0:
        raise InvalidInput("DISCOVERY_SIZE is 0: there is no universe to refresh")
    async with application.store() as store, application.market_data() as data:
        return await refresh_universe(store, application.clock, data, size)


async def _list(application: Application) -> StoredUniverse:
    async with application.store() as store:
        return await list_universe(store)


def _note_refreshed(done: RefreshedUniverse) -> None:
    note(
        f"refreshed for {done.session} from {counted(done.days, 'day')} of bars: {counted(done.members, 'member')}, "
        f"{len(done.joined)} joined, {len(done.left)} left"
    )
    if done.unknown:
        note(f"nobody could say whether these have options: {' '.join(done.unknown)}")


def _title(stored: StoredUniverse) -> str:
    members = counted(sum(entry.is_member for entry in stored.entries), "member")
    return f"{members}, as of {stored.refreshed_on or 'no refresh yet'}"


def _columns(entries: Sequence[UniverseEntry]) -> list[Column]:
    options = {True: "yes", False: "no", None: "–"}
    return [
        Column("rank", [count(entry.rank) for entry in entries], is_number=True),
        Column("ticker", [f"[bold]{entry.ticker}[/]" for entry in entries]),
        Column("$ million a day", [count(entry.dollar_volume / 1e6) for entry in entries], is_number=True, rank=1),
        Column("options", [options[entry.is_optionable] for entry in entries], rank=2),
        Column("member", ["yes" if entry.is_member else "" for entry in entries]),
    ]
