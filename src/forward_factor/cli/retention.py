"""``db retention``: what would go, and the policy that lets it go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, count, counted, note, out, print_json, run
from forward_factor.cli.tables import Column, draw_table
from forward_factor.errors import InvalidInput
from forward_factor.storage.retention import Expiring, arm_retention, disarm_retention, preview_retention

USUAL_DAYS, MOST_DAYS = 180, 36_500
_SPAN = re.compile(r"(\d{1,6}) ?(d|days?)?", re.ASCII)


def retention(
    context: typer.Context,
    keep: Annotated[
        str | None, typer.Option(help=f"Span to keep, in days: 180d or '180 days'; {USUAL_DAYS}d if not said.")
    ] = None,
    table: Annotated[list[str] | None, typer.Option(help="A time series; may repeat; all if none.")] = None,
    arm: Annotated[bool, typer.Option("--arm", help="Drop from now on what is older; TimescaleDB only.")] = False,
    disarm: Annotated[bool, typer.Option("--disarm", help="Drop nothing any more.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Show what a retention would drop; with --arm, have TimescaleDB drop it.

    Nothing is armed unless you do it here. --arm needs --keep and --table; it drops in an hour, and then daily.
    Signals, bars, candidates and term_structure must be kept 30 days at least, option_quotes and
    option_chain_snapshots, which go together, 7 days. The aggregates and users' decisions outlast what they
    are made from.
    """
    tables = table or []
    if arm and disarm:
        raise InvalidInput("say --arm or --disarm, not both")
    if arm and not (keep and tables):
        raise InvalidInput("--arm deletes for good, so say what: --keep DAYS and --table NAME")
    span = _span(keep or str(USUAL_DAYS))
    run(_Work(application(context), span, tables, as_json).run("arm" if arm else "disarm" if disarm else "show"))


class _Work:
    def __init__(self, one: Application, keep: timedelta, tables: Sequence[str], as_json: bool) -> None:
        self._application = one
        self._keep = keep
        self._tables = tables
        self._as_json = as_json

    async def run(self, task: str) -> None:
        filled = 0
        async with self._application.store() as store:
            before = await preview_retention(store, self._keep, self._tables, self._application.clock.now())
            if task == "arm":
                filled = await arm_retention(store, self._keep, self._tables)
            elif task == "disarm":
                await disarm_retention(store, self._tables)
        self._show(task, before, filled)

    def _show(self, task: str, found: Sequence[Expiring], filled: int) -> None:
        if self._as_json:
            tables = [asdict(one) for one in found]
            print_json({"task": task, "keep_days": self._keep.days, "decisions_filled": filled, "tables": tables})
            return
        if task != "disarm":
            out.print(draw_table(f"Older than {counted(self._keep.days, 'day')}", _columns(found)))
        note(self._closing(task, found, filled))

    def _closing(self, task: str, found: Sequence[Expiring], filled: int) -> str:
        names = ", ".join(one.table for one in found)
        if task == "arm":
            copied = f"; {counted(filled, 'decision')} got a copy of the signal's facts" if filled else ""
            return f"armed on {names}: keeps {counted(self._keep.days, 'day')}{copied}"
        if task == "disarm":
            return f"off on {names}"
        armed = ", ".join(f"{one.table} ({one.armed})" for one in found if one.armed)
        return f"nothing was changed; armed: {armed or 'none'}"


def _columns(found: Sequence[Expiring]) -> list[Column]:
    columns = [
        Column("table", [one.table for one in found]),
        Column("rows", [count(one.rows) for one in found], is_number=True),
        Column("from", [_day(one.first) for one in found]),
        Column("to", [_day(one.last) for one in found]),
        Column("decisions", [count(one.decisions) if one.table == "signals" else "" for one in found], is_number=True),
    ]
    if any(one.chunks is not None for one in found):
        columns.insert(1, Column("chunks", [count(one.chunks) for one in found], is_number=True, rank=1))
    return columns


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else "–"


def _span(given: str) -> timedelta:
    found = _SPAN.fullmatch(given.strip())
    days = int(found[1]) if found else 0
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(
            f"--keep {ascii(given)[:40]} is no span in days from 1 to {MOST_DAYS}: use 180d or '180 days'"
        )
    return timedelta(days=days)
