"""Administration: what the services do now, and what they gave up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from statistics import median

from nicegui import ui

from forward_factor.server.web.admin_parts import admin_does, admin_head
from forward_factor.server.web.formats import MISSING, ago, instant
from forward_factor.server.web.parts import Column, Row, facts, note, panel, table
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.check_service import is_fresh
from forward_factor.services.ports.service_health import Heartbeat
from forward_factor.services.retry_deliveries import retry_deliveries
from forward_factor.services.running_views import DeadLetters, Figures

EVERY_S = 10.0
MOST_LETTERS = 100
SERVICES = (
    Column("service", "Service"),
    Column("instance", "Machine and process"),
    Column("state", "State"),
    Column("seen", "Last seen", sort_by="seen_at"),
    Column("started", "Started", sort_by="started_at"),
)
SLOTS = (
    Column("due", "Due", sort_by="due_at"),
    Column("ticker", "Ticker"),
    Column("cause", "Cause"),
    Column("tier", "Tier"),
    Column("starts", "Begun", is_number=True),
    Column("reason", "Reason"),
)
DELIVERIES = (
    Column("made", "Made", sort_by="made_at"),
    Column("kind", "What"),
    Column("ticker", "Ticker"),
    Column("user", "User"),
    Column("chat", "Chat"),
    Column("attempts", "Tries", is_number=True),
    Column("error", "Error"),
)
FAULTS = (Column("reason", "Reason"), Column("amount", "Scans", is_number=True))


@web_page("/admin", "Administration", for_admins=True)
async def show_admin(visit: Visit) -> None:
    """Build the page; it reads itself anew while it is open."""
    admin_head("/admin")
    with ui.element("div").classes("grid"):
        queue, figures = _facts_panel("Queue"), _facts_panel("The last hour")
    with panel("Services"):
        services = table(SERVICES, [], "key", "No service has been at work within a day: start `forward-factor up`")
    with panel("Why scans failed in the last hour"):
        faults = table(FAULTS, [], "reason", "No scan failed")
        note("What a provider answered is in the reason; its whole answer, and what led to it, in the worker's log.")
    with panel("Scans that were given up"):
        slots = table(SLOTS, [], "key", "None")
    with panel("Messages that were given up"):
        letters = table(DELIVERIES, [], "key", "None")
        ui.button("Send all again", on_click=admin_does(visit, lambda *_: _retry(visit, read))).props("outline no-caps")
    stamp = ui.label().classes("muted").props("aria-live=off")

    async def read() -> None:
        now = visit.now
        found = await visit.store.running.figures(now)
        given_up = await visit.store.running.dead_letters(MOST_LETTERS)
        _rewrite(queue, _queue_facts(found, now))
        _rewrite(figures, _hour_facts(visit, found))
        _replace(services, [_service_row(visit, one, now) for one in found.heartbeats])
        _replace(faults, [{"reason": why or MISSING, "amount": n} for why, n in found.failed_slots.items()])
        _replace(slots, _slot_rows(visit, given_up))
        _replace(letters, _letter_rows(visit, given_up))
        stamp.set_text(f"Read {now.astimezone(visit.zone):%H:%M:%S %Z}; again every {EVERY_S:.0f} seconds.")

    await read()
    visit.every(EVERY_S, read)


async def _retry(visit: Visit, read: object) -> None:
    sent = await retry_deliveries(visit.store, visit.backend.application.clock)
    ui.notify(f"{sent} messages are tried again" if sent else "There is nothing to send again", type="info")
    if callable(read):
        await read()


def _facts_panel(heading: str) -> ui.element:
    with panel(heading):
        return ui.element("div")


def _rewrite(place: ui.element, values: Mapping[str, str]) -> None:
    place.clear()
    with place:
        facts(values)


def _replace(drawn: ui.table, rows: list[Row]) -> None:
    if drawn.rows != rows:
        drawn.rows = rows


def _queue_facts(found: Figures, now: datetime) -> dict[str, str]:
    queue = found.queue
    oldest = f"the oldest {ago(queue.oldest_open_at, now)}" if queue.oldest_open_at else "none waits"
    return {
        "Due and not served": f"{queue.open_slots:,}; {oldest}",
        "Jobs of the queue": _counts(queue.jobs) or "kept in the process's memory, or none",
        "Messages": _counts(queue.deliveries) or "none on their way",
    }


def _hour_facts(visit: Visit, found: Figures) -> dict[str, str]:
    latencies, pool = found.scan_latencies_s, visit.store.pool_use
    return {
        "Scans by outcome": _counts(found.queue.recent_slots) or "none was due",
        "From due to done": f"{median(latencies):.1f} s, at most {max(latencies):.1f} s" if latencies else MISSING,
        "Alerts written": f"{found.alerts:,}",
        "This process's connections": f"{pool.in_use} in use, {pool.idle} idle, at most {pool.most}"
        if pool
        else "the store is a file",
    }


def _counts(values: Mapping[str, int]) -> str:
    return ", ".join(f"{amount:,} {state}" for state, amount in sorted(values.items()))


def _service_row(visit: Visit, one: Heartbeat, now: datetime) -> Row:
    return {
        "key": f"{one.service} {one.instance} {one.started_at.timestamp()}",
        "service": one.service,
        "instance": one.instance,
        "state": "at work" if is_fresh(one, now) else "silent",
        "seen": ago(one.last_seen_at, now),
        "seen_at": one.last_seen_at.timestamp(),
        "started": instant(one.started_at, visit.zone),
        "started_at": one.started_at.timestamp(),
    }


def _slot_rows(visit: Visit, found: DeadLetters) -> list[Row]:
    return [
        {
            "key": f"{one.ticker} {one.due_at.timestamp()}",
            "due": instant(one.due_at, visit.zone),
            "due_at": one.due_at.timestamp(),
            "ticker": one.ticker,
            "cause": one.cause,
            "tier": one.tier,
            "starts": one.starts,
            "reason": one.reason or MISSING,
        }
        for one in found.slots
    ]


def _letter_rows(visit: Visit, found: DeadLetters) -> list[Row]:
    return [
        {
            "key": f"{one.notification_id} {one.chat_id}",
            "made": instant(one.created_at, visit.zone),
            "made_at": one.created_at.timestamp(),
            "kind": one.kind,
            "ticker": one.ticker or MISSING,
            "user": one.user_id,
            "chat": one.chat_id,
            "attempts": one.attempts,
            "error": one.error or MISSING,
        }
        for one in found.deliveries
    ]
