"""The universe, refreshed after each session by one process of all."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from forward_factor.bootstrap import Application
from forward_factor.errors import ForwardFactorError, StorageError
from forward_factor.services.dismiss_universe import dismiss_universe
from forward_factor.services.hold_lease import LASTS, HoldLease
from forward_factor.services.ports.market_data import Ability, MarketData
from forward_factor.services.refresh_universe import is_refresh_due, refresh_universe
from forward_factor.storage.store import Store
from forward_factor.worker.leases import kept
from forward_factor.worker.pauses import pause, until_stopped

log = structlog.get_logger()

LEASE = "universe"
LOOKS_EVERY_S = 30.0
WAITS_FOR_LEASE_S = 1.0
AFTER_TROUBLE_S = 900.0


async def refresh_daily(application: Application, stop: asyncio.Event, lasts: timedelta = LASTS) -> None:
    """Refresh the universe after each session until the service is to stop, whenever no other process does.

    Args:
        application: gives store, provider and settings.
        stop: ends it.
        lasts: how long after its last word a refreshing process is taken for dead.

    """
    size = application.settings.discovery_size
    async with application.store() as store, application.market_data() as data:
        if size == 0:
            log.info("there is no discovery: DISCOVERY_SIZE is 0", dismissed=await dismiss_universe(store))
            return
        lacking = sorted({Ability.DAILY_BARS, Ability.OPTIONABLE} - data.abilities)
        if lacking:
            log.warning("there is no discovery: the provider has not what it needs", provider=data.name, lacks=lacking)
            return
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
