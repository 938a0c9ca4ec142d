"""The price watch: one process of all asks for rescans of what has moved."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import structlog

from forward_factor.bootstrap import Application
from forward_factor.core.price_moves import MoveRule
from forward_factor.core.slots import Cause
from forward_factor.errors import StorageError
from forward_factor.services.hold_lease import LASTS, HoldLease
from forward_factor.services.ports.market_data import Ability, MarketData
from forward_factor.services.request_scan import request_scan
from forward_factor.services.watch_prices import PriceSource, WatchPrices
from forward_factor.serving.loop import keep_doing
from forward_factor.serving.pauses import pause, until_stopped
from forward_factor.storage.store import Store
from forward_factor.worker.leases import kept

log = structlog.get_logger()

LEASE = "price watch"
LOOKS_EVERY_S = 1.0
AFTER_TROUBLE_S = 5.0


async def watch_prices(
    application: Application, store: Store, data: MarketData, stop: asyncio.Event, lasts: timedelta = LASTS
) -> None:
    """Watch prices until ``stop``, whenever no other process does.

    Args:
        application: gives clock and settings.
        store: knows what is watched, and takes what is due.
        data: gives prices; without any, that is said, and there is nothing to do.
        stop: ends it.
        lasts: how long after its last word a watching process is taken for dead.

    """
    if application.settings.price_move_pct <= 0:
        log.info("prices are not watched: PRICE_MOVE_PCT is 0")
    elif Ability.PRICES not in data.abilities:
        log.warning("prices are not watched: the provider has none", provider=data.name)
    else:
        watch = partial(_watch_under_lease, application, store, data, stop, lasts)
        await keep_doing("watching prices", watch, stop, every_s=0.0)


async def _watch_under_lease(
    application: Application, store: Store, data: MarketData, stop: asyncio.Event, lasts: timedelta
) -> None:
    settings, clock = application.settings, application.clock
    rule, poll_every = MoveRule(settings.price_move_pct), timedelta(seconds=settings.price_poll_seconds)
    request = partial(request_scan, store, clock, cause=Cause.PRICE_MOVE)
    async with (
        WatchPrices(store.scanned_prices, clock, data, request, rule, poll_every) as watch,
        kept(HoldLease(store, clock, LEASE, lasts)) as lease,
    ):
        await until_stopped(stop, _watch(watch, lease, stop))


async def _watch(watch: WatchPrices, lease: HoldLease, stop: asyncio.Event) -> None:
    said = _Said()
    while not stop.is_set():
        await pause(stop, await _step(watch, lease))
        said.tell(watch, lease.is_held)


async def _step(watch: WatchPrices, lease: HoldLease) -> float:
    """Look once, if it is ours to look; return the seconds until the next look."""
    if not lease.is_held:
        await watch.rest()
        return LOOKS_EVERY_S
    try:
        moved = await watch.look()
    except StorageError as error:
        log.warning("prices cannot be watched", error=str(error))
        return AFTER_TROUBLE_S
    if moved:
        log.info("prices moved, rescans asked for", tickers=moved)
    return LOOKS_EVERY_S


class _Said:
    """Says once what changes."""

    def __init__(self) -> None:
        self._is_ours: bool | None = None
        self._source = PriceSource.NOWHERE
        self._refusal: str | None = None
        self._failure: str | None = None

    def tell(self, watch: WatchPrices, is_ours: bool) -> None:
        if is_ours is not self._is_ours:
            log.info("this process watches prices" if is_ours else "another process watches prices")
        self._is_ours = is_ours
        self._tell_of_source(watch)

    def _tell_of_source(self, watch: WatchPrices) -> None:
        failure = str(watch.failure) if watch.failure else None
        if watch.refusal not in (None, self._refusal):
            log.warning("no stream of prices, they are asked for instead", reason=watch.refusal)
        if failure not in (None, self._failure):
            log.warning("prices cannot be had", error=failure)
        if failure is None and self._failure is not None:
            log.info("prices can be had again")
        if watch.source is not self._source:
            log.info("prices come from elsewhere now", source=watch.source.value)
        self._source, self._refusal, self._failure = watch.source, watch.refusal, failure
