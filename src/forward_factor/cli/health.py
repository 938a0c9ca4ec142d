"""``health``: which services are at work, as their heartbeats tell; health checks ask it for one."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, complain, counted, one_line, out, print_json, run
from forward_factor.cli.tables import Column, draw_table
from forward_factor.services.check_service import FRESH_FOR, ServiceHealth, check_service, is_fresh
from forward_factor.services.ports.service_health import Heartbeat
from forward_factor.storage.readers.heartbeats import open_heartbeats

PATIENCE_SECONDS = 8.0
"""Less than a health check may take: it had better say why than be stopped."""
LOOKS_BACK = timedelta(days=1)


def health(
    context: typer.Context,
    service: Annotated[
        str | None, typer.Argument(help="Ask for one, on this machine: exit code 0 if it is at work, else 1.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Show which services are at work, on all machines; or check one on this machine."""
    one = application(context)
    if service is None:
        _show(run(_seen(one)), one.clock.now(), as_json)
        return
    found = run(_check(one, service))
    if as_json:
        print_json({**asdict(found), "is_at_work": found.is_at_work})
    elif found.is_at_work:
        out.print(escape(one_line(f"{service} is at work here{_last_seen(found)}")))
    if not found.is_at_work:
        complain(f"no {service} at work on {found.host}{_last_seen(found) or ': none was ever seen here'}")
        raise typer.Exit(1)


async def _check(application: Application, service: str) -> ServiceHealth:
    async with open_heartbeats(application.store_url, PATIENCE_SECONDS) as heartbeats:
        return await check_service(heartbeats, application.clock, service, socket.gethostname())


async def _seen(application: Application) -> Sequence[Heartbeat]:
    async with open_heartbeats(application.store_url, PATIENCE_SECONDS) as heartbeats:
        return await heartbeats.since(application.clock.now() - LOOKS_BACK)


def _last_seen(found: ServiceHealth) -> str:
    if found.last is None:
        return ""
    return f": {found.last.instance} was seen {_ago(found.last, found.checked_at)}"


def _show(seen: Sequence[Heartbeat], now: datetime, as_json: bool) -> None:
    if as_json:
        for one in seen:
            print_json({**asdict(one), "is_at_work": is_fresh(one, now)})
        return
    if not seen:
        out.print("No service has been seen within a day.")
        return
    at_work = [is_fresh(one, now) for one in seen]
    columns = [
        Column("service", [f"[bold]{escape(one_line(one.service))}[/]" for one in seen]),
        Column("process", [escape(one_line(one.instance)) for one in seen]),
        Column("at work", ["yes" if fresh else "[red]no[/]" for fresh in at_work]),
        Column("seen", [_ago(one, now) for one in seen]),
        Column("since (UTC)", [f"{one.started_at:%Y-%m-%d %H:%M}" for one in seen], rank=1),
    ]
    out.print(draw_table(None, columns))


def _ago(heartbeat: Heartbeat, now: datetime) -> str:
    age = now - heartbeat.last_seen_at
    if age < timedelta():
        return "just now" if is_fresh(heartbeat, now) else "in the future: the clock was set back"
    seconds = int(age.total_seconds())
    return counted(seconds, "second") + " ago" if age <= 2 * FRESH_FOR else counted(seconds // 60, "minute") + " ago"
