"""``up`` and ``worker``, ``scheduler``, ``reminders``, ``api``, ``bot``: all services in one process, or one each.

A service runs until SIGTERM or SIGINT, finishes what it has in hand, and leaves with 0.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any, cast

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, note, out, run
from forward_factor.core.market_hours import current_or_next_session, is_open
from forward_factor.serving.opening import opened_store

Serve = Callable[[Application, asyncio.Event], Coroutine[Any, Any, None]]

ENDS_WITHIN_S = 10.0
"""After the signal to stop; what is not done then is cancelled, and done again by whoever comes next."""


class Service(StrEnum):
    """A service that can run by itself."""

    API = "api"
    SCHEDULER = "scheduler"
    WORKER = "worker"
    REMINDERS = "reminders"
    DISCOVERY = "discovery"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a service's function is; it is imported when it is served, for each brings libraries of its own."""

    module: str
    function: str

    def load(self) -> Serve:
        return cast("Serve", getattr(import_module(self.module), self.function))


PLACES: Mapping[Service, _Place] = {
    Service.API: _Place("forward_factor.server.serve", "serve_api"),
    Service.SCHEDULER: _Place("forward_factor.worker.serve", "serve_scheduler"),
    Service.WORKER: _Place("forward_factor.worker.serve", "serve_worker"),
    Service.REMINDERS: _Place("forward_factor.worker.serve", "serve_reminders"),
    Service.DISCOVERY: _Place("forward_factor.worker.discovering", "serve_discovery"),
    Service.BOT: _Place("forward_factor.bot.serve", "serve_bot"),
}


class Kind(StrEnum):
    """What a worker does."""

    SCANS = "scans"
    DISCOVERY = "discovery"


def up(context: typer.Context) -> None:
    """Run everything in this one process: API and web, scheduler, workers, reminders, and the bot if it has a token."""
    one = application(context)
    run(_up(one))


def worker(
    context: typer.Context,
    only: Annotated[Kind | None, typer.Option(help="Do only this; without it, both.")] = None,
) -> None:
    """Scan what is due, and keep the universe and the prices that rescans go by."""
    services = {Kind.SCANS: Service.WORKER, Kind.DISCOVERY: Service.DISCOVERY}
    _serve(context, *([services[only]] if only else services.values()))


def scheduler(context: typer.Context) -> None:
    """Say when tickers are due. One is enough; more do no harm."""
    _serve(context, Service.SCHEDULER)


def reminders(context: typer.Context) -> None:
    """Send reminders at their time."""
    _serve(context, Service.REMINDERS)


def api(context: typer.Context) -> None:
    """Serve the API and the web pages."""
    _serve(context, Service.API)


def bot(context: typer.Context) -> None:
    """Talk to Telegram."""
    _serve(context, Service.BOT)


def _serve(context: typer.Context, *services: Service) -> None:
    one = application(context)
    run(_serve_until_stopped(one, services))


async def _serve_until_stopped(one: Application, services: Sequence[Service]) -> None:
    await serve_together(one, services, stop_signal())


async def _up(one: Application) -> None:
    """Open the store first: a SQLite file is brought up to date once, and what is wrong is said before all else."""
    stop = stop_signal()
    async with opened_store(one, stop) as store:
        if store is None:
            return
        name, url = store.capabilities.name, store.engine.url.render_as_string(hide_password=True)
    wanted = [service for service in Service if service is not Service.BOT or one.settings.telegram_bot_token]
    _say(one, f"{name} at {url}", wanted)
    await serve_together(one, wanted, stop)


def _say(one: Application, store: str, services: Sequence[Service]) -> None:
    settings, now = one.settings, one.clock.now()
    out.print(f"Forward Factor is up: {', '.join(services)}. Ctrl-C ends it.", soft_wrap=True)
    out.print(f"  API          http://{settings.api_host}:{settings.api_port}", soft_wrap=True)
    out.print(f"  store        {store}", markup=False, soft_wrap=True)
    out.print(f"  chains       {_provider_words(one)}", soft_wrap=True)
    session = current_or_next_session(now)
    words = "open until" if is_open(now) else "closed; scans begin at"
    at = session.closes_at if is_open(now) else session.opens_at
    out.print(f"  market       {words} {at:%Y-%m-%d %H:%M} UTC", soft_wrap=True)
    if not settings.telegram_bot_token:
        note("no Telegram bot: TELEGRAM_BOT_TOKEN is not set")


def _provider_words(one: Application) -> str:
    if one.scan_provider == "cboe" and not one.settings.scan_provider:
        return "cboe, delayed by 15 minutes (no POLYGON_API_KEY is set)"
    return one.scan_provider


async def serve_together(one: Application, services: Sequence[Service], stop: asyncio.Event) -> None:
    """Run services until ``stop``, or until one of them fails: then the others are stopped too.

    Raises:
        ForwardFactorError: what the first one failed with.

    """
    tasks = [asyncio.create_task(PLACES[service].load()(one, stop), name=service.value) for service in services]
    await _first(stop, tasks)
    stop.set()
    await asyncio.wait(tasks, timeout=ENDS_WITHIN_S)
    late = [task for task in tasks if not task.done()]
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    faults = [fault for task in tasks if not task.cancelled() and (fault := task.exception()) is not None]
    if faults:  # all of them are looked at, else asyncio tells of the others by itself, with traces
        raise faults[0]


async def _first(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Return at the signal, at the first failure, or when all have ended of themselves."""
    stopping = asyncio.create_task(stop.wait())
    at_work = set(tasks)
    while at_work and not stop.is_set():
        done, _ = await asyncio.wait({stopping, *at_work}, return_when=asyncio.FIRST_COMPLETED)
        at_work -= done
        if any(task.exception() for task in tasks if task in done):
            break
    stopping.cancel()


def stop_signal() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # where there are no such signals, Ctrl-C raises KeyboardInterrupt
            asyncio.get_running_loop().add_signal_handler(one, stop.set)
    return stop
