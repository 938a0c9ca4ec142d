"""``db plan``: what a move would meet, before it is made."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from forward_factor.cli.console import count, counted, note, out, print_json, run
from forward_factor.cli.tables import Column, draw_table
from forward_factor.cli.transfer import AsJson, Source, show_progress
from forward_factor.storage.transfer.census import Census, TableCensus, take_census

NARROWEST_TEXT = 24
_PLAIN = {"text", "valid JSON", "number", "whole number", "0 or 1", "9999-99-99", "9999-99-99 99:99:99.999999"}


def plan(
    source: Source,
    target: Annotated[str | None, typer.Argument(metavar="[TARGET_URL]", help="Where it would go; looked at.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read a store once and show what a move of it would meet, and do with each oddity; changes nothing."""
    with show_progress() as progress:
        census = run(take_census(source, target, progress))
    if as_json:
        print_json(asdict(census))
    else:
        _print(census)


def _print(census: Census) -> None:
    out.print(f"{escape(census.source)}  schema {escape(census.level)}  {census.size / 1e6:,.1f} MB")
    if census.target:
        out.print(f"to {escape(census.target)}")
    out.print(draw_table(None, _tables(census)))
    spelled = [(name, one) for name, one in census.tables.items() if _spellings(one)]
    if spelled:
        out.print(draw_table("[bold]spelled in more than the usual way[/] (9 stands for a digit)", _spelled(spelled)))
    odd = [(name, reason, rows) for name, one in census.tables.items() for reason, rows in one.quarantine.items()]
    if odd:
        out.print(draw_table("[bold]rows that will go to quarantine, verbatim (exit code 3)[/]", _odd(census, odd)))
    else:
        out.print("no row will go to quarantine")
    _print_remarks(census)


def _tables(census: Census) -> list[Column]:
    tables = list(census.tables.items())
    chunked = [f"{len(one.rows_by_chunk)} of {one.chunk_days} d" if one.chunk_days else "" for _, one in tables]
    return [
        Column("table", [name for name, _ in tables]),
        Column("rows", [count(one.rows) for _, one in tables], is_number=True),
        Column("MB", [f"{one.size / 1e6:,.1f}" for _, one in tables], is_number=True, rank=2),
        Column("quarantine", [count(sum(one.quarantine.values())) for _, one in tables], is_number=True),
        Column("chunks on TimescaleDB", chunked, is_number=True, rank=3),
        Column("from", [(one.first or "")[:10] for _, one in tables], rank=4),
        Column("to", [(one.last or "")[:10] for _, one in tables], rank=4),
    ]


def _spellings(table: TableCensus) -> list[tuple[str, str, int]]:
    found = []
    for name, column in table.columns.items():
        if not set(column.forms) <= _PLAIN:
            found += [(name, form, rows) for form, rows in column.forms.items()]
    return found


def _spelled(tables: list[tuple[str, TableCensus]]) -> list[Column]:
    rows = [(table, *found) for table, one in tables for found in _spellings(one)]
    return [
        Column("table", [row[0] for row in rows]),
        Column("column", [row[1] for row in rows]),
        Column("form", [escape(ascii(row[2])[1:-1]) for row in rows], wraps_to=NARROWEST_TEXT),
        Column("values", [count(row[3]) for row in rows], is_number=True),
    ]


def _odd(census: Census, odd: list[tuple[str, str, int]]) -> list[Column]:
    examples = [", ".join(census.tables[table].examples.get(reason, [])) for table, reason, _ in odd]
    return [
        Column("table", [table for table, _, _ in odd]),
        Column("reason", [escape(reason) for _, reason, _ in odd], wraps_to=NARROWEST_TEXT),
        Column("rows", [count(rows) for _, _, rows in odd], is_number=True),
        Column("for example", [escape(ascii(one)[1:-1]) for one in examples], wraps_to=NARROWEST_TEXT, rank=1),
    ]


def _print_remarks(census: Census) -> None:
    for name, table in census.tables.items():
        if table.orphans.get("signal_id"):
            rows = counted(table.orphans["signal_id"], "row")
            note(f"{name}: {rows} with a signal that is not there; they move as they are")
        if table.kept_spellings:
            rows = counted(table.kept_spellings, "row")
            note(f"{name}: {rows} whose original spelling is kept, and comes back on the way back")
    out.print(f"a copy will take about {census.estimated_s:,.0f} s; this took {census.elapsed_s:,.1f} s")
