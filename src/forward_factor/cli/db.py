"""``db``: the store's schema and state."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from forward_factor.cli.console import application, count, note, out, print_json, run, table
from forward_factor.storage.status import StoreStatus
from forward_factor.storage.store import downgrade_store, read_store_status, upgrade_store

app = typer.Typer(help="The store: its schema and state.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command()
def upgrade(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring the store's schema to the newest level."""
    one = application(context)
    _show(run(upgrade_store(one.store_url, one.pool)), as_json)


@app.command()
def downgrade(
    context: typer.Context,
    revision: Annotated[str, typer.Argument(help="A level, -1 for one step, base for an empty store.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Take the store's schema down; `base` drops every table with all that is in it."""
    if not yes:
        typer.confirm(f"Take the schema down to {revision}? What only newer levels hold is lost.", abort=True, err=True)
    one = application(context)
    _show(run(downgrade_store(one.store_url, one.pool, revision)), as_json=False)


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show engine, schema level, tables, hypertables, aggregates, policies and connections."""
    one = application(context)
    _show(run(read_store_status(one.store_url, one.pool)), as_json)


def _show(status: StoreStatus, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(status), "store": status.capabilities.name, "shortfall": status.capabilities.shortfall})
        return
    _print_engine(status)
    if status.rows:
        drawn = table(None, "table", ">rows", "chunks of", ">chunks", ">compressed")
        by_name = {one.name: one for one in status.hypertables}
        for name, rows in sorted(status.rows.items()):
            cut = by_name.get(name)
            chunks = (cut.chunk_interval, count(cut.chunks), count(cut.compressed_chunks)) if cut else ("", "", "")
            drawn.add_row(name, count(rows), *chunks)
        out.print(drawn)
    if status.policies:
        drawn = table(None, "policy", "on", "settings")
        for policy in status.policies:
            drawn.add_row(policy.procedure, policy.relation, policy.config)
        drawn.columns[-1].no_wrap = False
        out.print(drawn)


def _print_engine(status: StoreStatus) -> None:
    can = status.capabilities
    extension = f", TimescaleDB {can.timescale} ({can.edition})" if can.timescale else ""
    out.print(f"[bold]{can.engine}[/] {can.version}{extension}")
    level = status.level
    out.print(f"schema {level.current or 'none'}" + ("" if level.is_newest else f" (newest: {level.newest})"))
    if status.connections is not None:
        out.print(f"{status.connections} connections to this database")
    if status.hypertables:
        armed = ", ".join(policy.relation for policy in status.retention)
        out.print(f"aggregates: {', '.join(status.aggregates) or 'none'}; retention: {armed or 'off'}")
    if can.shortfall:
        note(can.shortfall)
    if can.timescale_available and not can.timescale and status.level.current:
        note(f"this server could install TimescaleDB {can.timescale_available}, but this store was made without it")
    if not level.is_newest:
        note("run `forward-factor db upgrade`")
