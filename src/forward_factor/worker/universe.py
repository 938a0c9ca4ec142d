"""The universe, fresh after each session: one process of all refreshes it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import structlog

from forward_factor.bootstrap import Application
from forward_factor.errors import ForwardFactorError, StorageError
from forward_factor.services.dismiss_universe import dismiss_universe
from forward_factor.services.hold_lease import LASTS, HoldLease
from forward_factor.services.ports.market_data import Ability, MarketData
from forward_factor.services.refresh_universe import is_refresh_due, refresh_universe
from forward_factor.serving.loop import keep_doing
from forward_factor.serving.pauses import pause, until_stopped
from forward_factor.storage.store import Store
from forward_factor.worker.leases import kept

log = structlog.get_logger()

LEASE = "universe"
LOOKS_EVERY_S = 30.0
WAITS_FOR_LEASE_S = 1.0
AFTER_TROUBLE_S = 900.0
DISMISSES_EVERY_S = 24 * 3600.0


async def keep_universe(
    application: Application, store: Store, data: MarketData, stop: asyncio.Event, lasts: timedelta = LASTS
) -> None:
    """Refresh the universe after each session until ``stop``, whenever no other process does.

    Args:
        application: gives clock and settings.
        store: keeps the universe.
        data: gives daily bars, and knows who has options; without these, that is said, and there is nothing to do.
        stop: ends it.
        lasts: how long after its last word a refreshing process is taken for dead.

    """
    lacking = sorted({Ability.DAILY_BARS, Ability.OPTIONABLE} - data.abilities)
    if application.settings.discovery_size == 0:
        await keep_doing("dismissing the universe", partial(_dismiss, store), stop, every_s=DISMISSES_EVERY_S)
    elif lacking:
        log.warning("there is no universe: the provider has not what it needs", provider=data.name, lacks=lacking)
    else:
        refresh = partial(_refresh_under_lease, application, store, data, stop, lasts)
        await keep_doing("refreshing the universe", refresh, stop, every_s=0.0)


async def _dismiss(store: Store) -> None:
    log.info("there is no universe: DISCOVERY_SIZE is 0", dismissed=await dismiss_universe(store))


async def _refresh_under_lease(
    application: Application, store: Store, data: MarketData, stop: asyncio.Event, lasts: timedelta
) -> None:
    async with kept(HoldLease(store, application.clock, LEASE, lasts)) as lease:
        await until_stopped(stop, _refresh_when_due(application, store, data, lease, stop))


async def _refresh_when_due(
    application: Application, store: Store, data: MarketData, lease: HoldLease, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        seconds = await _step(application, store, data) if lease.is_held else WAITS_FOR_LEASE_S
        await pause(stop, seconds)


async def _step(application: Application, store: Store, data: MarketData) -> float:
    """Refresh the universe if that is due; return the seconds until the next look."""
    try:
        if not await is_refresh_due(store, application.clock):
            return LOOKS_EVERY_S
        done = await refresh_universe(store, application.clock, data, application.settings.discovery_size)
    except StorageError as error:
        log.warning("the universe cannot be refreshed now", error=str(error))
        return LOOKS_EVERY_S
    except ForwardFactorError as error:
        log.warning("the universe stays as it was", error=str(error), again_in_s=AFTER_TROUBLE_S)
        return AFTER_TROUBLE_S
    log.info(
        "universe refreshed",
        session=done.session.isoformat(),
        days=done.days,
        members=done.members,
        joined=done.joined,
        left=done.left,
        unknown=done.unknown,
    )
    return LOOKS_EVERY_S
