"""``db``: the store's schema and state."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from forward_factor.cli import backup, plan, retention, transfer
from forward_factor.cli.console import application, count, note, out, print_json, run
from forward_factor.cli.tables import Column, draw_table
from forward_factor.storage.status import StoreStatus
from forward_factor.storage.store import downgrade_store, read_store_status, upgrade_store

app = typer.Typer(help="The store: its schema and state.", no_args_is_help=True)
NARROWEST_SETTINGS = 20
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("plan")(plan.plan)
app.command("copy")(transfer.copy)
app.command("verify")(transfer.verify)
app.command("retention")(retention.retention)


@app.command()
def upgrade(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring the store's schema to the newest level."""
    one = application(context)
    _show(run(upgrade_store(one.store_url, one.pool)), as_json)


@app.command(context_settings={"ignore_unknown_options": True})
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
        out.print(draw_table(None, _table_columns(status)))
    if status.policies:
        out.print(draw_table(None, _policy_columns(status)))


def _table_columns(status: StoreStatus) -> list[Column]:
    names = sorted(status.rows)
    rows = [("≈ " if name in status.estimated else "") + count(status.rows[name]) for name in names]
    columns = [Column("table", names), Column("rows", rows, is_number=True)]
    if not status.hypertables:
        return columns
    cut = {one.name: one for one in status.hypertables}
    spans = [cut[name].chunk_interval if name in cut else "" for name in names]
    chunks = [count(cut[name].chunks) if name in cut else "" for name in names]
    compressed = [count(cut[name].compressed_chunks) if name in cut else "" for name in names]
    return [
        *columns,
        Column("chunks of", spans, rank=1),
        Column("chunks", chunks, is_number=True, rank=2),
        Column("compressed", compressed, is_number=True, rank=3),
    ]


def _policy_columns(status: StoreStatus) -> list[Column]:
    policies = status.policies
    return [
        Column("policy", [policy.procedure for policy in policies]),
        Column("on", [policy.relation for policy in policies]),
        Column("settings", [escape(policy.config) for policy in policies], wraps_to=NARROWEST_SETTINGS),
    ]


def _print_engine(status: StoreStatus) -> None:
    can = status.capabilities
    extension = f", TimescaleDB {can.timescale} ({can.edition})" if can.timescale else ""
    out.print(f"[bold]{can.engine}[/] {can.version}{extension}", escape(status.location))
    level = status.level
    out.print(f"schema {level.current or 'none'}" + ("" if level.is_newest else f" (newest: {level.newest})"))
    if status.connections is not None:
        out.print(f"{status.connections} connections to this database")
    if status.hypertables:
        armed = ", ".join(policy.relation for policy in status.retention)
        out.print(f"aggregates: {', '.join(status.aggregates) or 'none'}")
        out.print(f"retention: {armed or 'off'}")
    if can.shortfall:
        note(can.shortfall)
    if can.timescale_available and not can.timescale and status.level.current:
        note(f"this server could install TimescaleDB {can.timescale_available}, but this store was made without it")
    if not level.is_newest:
        note("run `forward-factor db upgrade`")
