"""``demo``: the whole product on simulated data, in a store that is thrown away."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.progress import track

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, err, out, run
from forward_factor.cli.demo_store import DemoStore, DemoUser
from forward_factor.cli.plots import draw_term_structure
from forward_factor.cli.scan_report import finding_table
from forward_factor.cli.serve import Service, serve_together, stop_signal
from forward_factor.clock import SystemClock
from forward_factor.core.market_hours import is_open, previous_session
from forward_factor.errors import InvalidSettings
from forward_factor.logs import configure_logs
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.explain_ticker import explain_ticker
from forward_factor.services.ports import Recorded
from forward_factor.services.views import SignalView
from forward_factor.storage.store import Store

SCANS = 4
EVERY = timedelta(minutes=30)
MOST_SIGNALS = 15
HOST = "127.0.0.1"
EMAIL = "demo@example.com"
SERVICES = (Service.API, Service.SCHEDULER, Service.WORKER, Service.REMINDERS, Service.DISCOVERY)
AFTER_OPEN = SCANS * EVERY
"""The served demo begins so long after an open, so that its looks are all of one session, and hours are left."""
SETTINGS = {
    "scan_provider": "simulated",
    "api_host": HOST,
    "api_trusted_proxies": "",
    "telegram_bot_token": None,
    "registration_open": True,
    "discovery_size": 30,
    "scan_cadence_high": 0.25,
    "scan_cadence_medium": 0.25,
    "scan_cadence_low": 1.0,
}


def demo(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web page.")] = 8000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Whether to serve the web page afterwards.")] = True,
) -> None:
    """Scan a simulated market into a throw-away SQLite file and show its signals. No network, no key.

    Then serve the web page with live scans of that market, until Ctrl-C.
    """
    one = application(context)
    if serve:
        _require_free(port)
    with TemporaryDirectory(prefix="forward-factor-demo-") as directory:
        one = replace(one, database_url=f"sqlite:///{Path(directory) / 'demo.db'}")
        run(_serve(_rehearsal(one, port)) if serve else _show_scans(one))


def demo_start(now: datetime) -> datetime:
    """Return the time a served demo begins at: now in the middle of a session, else in the middle of the last one."""
    if is_open(now - AFTER_OPEN) and is_open(now + timedelta(hours=1)):
        return now
    return previous_session(now).opens_at + AFTER_OPEN


def _rehearsal(one: Application, port: int) -> Application:
    """Return the application of the demo: its own settings, and a clock that runs within a session."""
    now = one.clock.now()
    settings = one.settings.model_copy(update={**SETTINGS, "api_port": port})
    configure_logs("WARNING" if settings.log_level == "INFO" else settings.log_level)
    offset = timedelta(seconds=settings.clock_offset_seconds) + (demo_start(now) - now)
    return replace(one, settings=settings, clock=SystemClock(offset))


def _require_free(port: int) -> None:
    """Say that a port is taken before anything is done."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as fault:
        reason = os.strerror(fault.errno) if fault.errno else fault
        raise InvalidSettings(f"port {port} cannot be used ({reason}): choose another with --port") from None


async def _show_scans(one: Application) -> None:
    async with one.store() as store:
        made = DemoStore(one, store, SimulatedMarket())
        await made.announce_earnings(one.clock.now())
        await _scan_and_show(made, store, _instants(one.clock.now()))


async def _serve(one: Application) -> None:
    stop, started = stop_signal(), one.clock.now()
    async with one.store() as store:
        made = DemoStore(one, store, SimulatedMarket())
        await made.announce_earnings(started)
        await _scan_and_show(made, store, _instants(started))
        with err.status("two months of its past …"):
            user = await made.join(EMAIL, token_hex(5), started)
            await made.live_through(user, started)
        if not stop.is_set():
            _invite(one, user)
            await _serve_until(stop, one, made.look_back(user, started))


async def _serve_until(stop: asyncio.Event, one: Application, meanwhile: Coroutine[Any, Any, None]) -> None:
    """Serve until ``stop``; what takes some seconds more is done beside it."""
    beside = asyncio.create_task(meanwhile)
    try:
        await serve_together(one, SERVICES, stop)
    finally:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)


def _invite(one: Application, user: DemoUser) -> None:
    now = one.clock.now()
    is_now = abs(now - SystemClock().now()) < timedelta(seconds=1)
    clock = "the present" if is_now else f"{now:%A, %Y-%m-%d %H:%M} UTC, in the middle of a session, and runs on"
    out.print(f"\nThe web page   http://{HOST}:{one.settings.api_port}", soft_wrap=True)
    out.print(f"  e-mail       {user.email}", soft_wrap=True)
    out.print(f"  password     {user.password}", soft_wrap=True)
    out.print(f"  its clock    {clock}", soft_wrap=True)
    out.print("New signals arrive every 15 seconds. Ctrl-C ends it, and nothing is left behind.", soft_wrap=True)


async def _scan_and_show(made: DemoStore, store: Store, instants: list[datetime]) -> None:
    recorded = Recorded()
    for instant in track(instants, "scanning", console=err, transient=True, disable=not err.is_terminal):
        recorded += await made.scan(instant)
    await _show(store, recorded, instants)


def _instants(now: datetime) -> list[datetime]:
    """Return the last looks at the market: up to now while it is open, else up to just before its close."""
    last = now if is_open(now) else previous_session(now).closes_at - timedelta(minutes=5)
    return [last - EVERY * before for before in reversed(range(SCANS))]


async def _show(store: Store, recorded: Recorded, instants: list[datetime]) -> None:
    latest = await store.findings.signals(since=instants[-1], limit=1000)
    best = sorted(latest, key=lambda signal: -(signal.ff or 0.0))
    out.print(
        f"A simulated market of {recorded.snapshots // len(instants)} tickers, looked at {len(instants)} times up to "
        f"{instants[-1]:%Y-%m-%d %H:%M} UTC:\n{recorded.snapshots:,} chains with {recorded.quotes:,} quotes stored, "
        f"{recorded.signals:,} signals found, {len(best)} of them in the last look.\n"
    )
    if not best:
        out.print("No ticker's front vol is dear enough just now: try again in an hour.")
        return
    out.print(finding_table("Signals of the last look", best[:MOST_SIGNALS]))
    out.print()
    await _draw(store, best[0])


async def _draw(store: Store, signal: SignalView) -> None:
    explained = await explain_ticker(store.findings, signal.ticker, signal.as_of)
    pair = next(one for one in explained.candidates if (one.pair, one.vol_point) == (signal.pair, signal.vol_point))
    title = f"{signal.ticker}: implied vol by expiry, simulated"
    out.print(draw_term_structure(title, explained.term_structure, pair, out.width))
    out.print(
        f"{signal.ticker}'s {pair.front_dte}-day vol is {100 * (pair.front_iv or 0):.1f} %, the forward vol behind it "
        f"{100 * (pair.sigma_fwd or 0):.1f} %: the front is {100 * (pair.ff or 0):.0f} % above it "
        f"(FF {pair.ff or 0:.2f}; {pair.ff_low or 0:.2f} to {pair.ff_high or 0:.2f} across the bid-ask spread)."
    )
