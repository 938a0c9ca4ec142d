"""Events, fresh every day: one process of all refreshes them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import structlog

from forward_factor.bootstrap import Application
from forward_factor.errors import NotOffered, StorageError
from forward_factor.services.hold_lease import LASTS, HoldLease
from forward_factor.services.ports.events import EventsProvider
from forward_factor.services.refresh_events import due_kinds, refresh_events
from forward_factor.serving.loop import keep_doing
from forward_factor.serving.pauses import pause, until_stopped
from forward_factor.storage.store import Store
from forward_factor.worker.leases import kept

log = structlog.get_logger()

LEASE = "events"
LOOKS_EVERY_S = 60.0
WAITS_FOR_LEASE_S = 1.0


async def keep_events(application: Application, store: Store, stop: asyncio.Event, lasts: timedelta = LASTS) -> None:
    """Refresh the events of what is watched once a day until ``stop``, whenever no other process does.

    Args:
        application: gives clock, settings and the provider of events; without one, that is said.
        store: knows what is watched, and keeps the events.
        stop: ends it.
        lasts: how long after its last word a refreshing process is taken for dead.

    """
    if not application.refreshes_events:
        log.info("events are not refreshed: EVENTS_REFRESH is off, or the market a simulated one")
        return
    try:
        opening = application.events(budgets=store.budgets)
    except NotOffered as error:
        log.warning("events are not refreshed: `events import` stores them", error=str(error))
        return
    async with opening as provider:
        refresh = partial(_refresh_under_lease, application, store, provider, stop, lasts)
        await keep_doing("refreshing events", refresh, stop, every_s=0.0)


async def _refresh_under_lease(
    application: Application, store: Store, provider: EventsProvider, stop: asyncio.Event, lasts: timedelta
) -> None:
    async with kept(HoldLease(store, application.clock, LEASE, lasts)) as lease:
        await until_stopped(stop, _refresh_when_due(application, store, provider, lease, stop))


async def _refresh_when_due(
    application: Application, store: Store, provider: EventsProvider, lease: HoldLease, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        if lease.is_held:
            await _step(application, store, provider)
        await pause(stop, LOOKS_EVERY_S if lease.is_held else WAITS_FOR_LEASE_S)


async def _step(application: Application, store: Store, provider: EventsProvider) -> None:
    try:
        for kind in await due_kinds(store, application.clock, provider):
            done = await refresh_events(store, application.clock, provider, kind)
            if done.failure is not None:
                log.warning("events stay as they were", kind=kind.value, error=str(done.failure))
                continue
            log.info(
                "events refreshed",
                kind=kind.value,
                tickers=done.tickers,
                announcements=done.stored.announcements,
                actions=done.stored.actions,
                moved=done.stored.moved,
                adjusted=done.stored.decisions.adjusted,
            )
    except StorageError as error:
        log.warning("events cannot be refreshed now", error=str(error))
