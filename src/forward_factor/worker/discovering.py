"""Discovery as a service: the liquid universe and events, fresh every day, and rescans of what has moved."""

from __future__ import annotations

import asyncio

import structlog

from forward_factor.bootstrap import Application
from forward_factor.serving.heart import beating
from forward_factor.serving.opening import opened_store
from forward_factor.worker.events import keep_events
from forward_factor.worker.prices import watch_prices
from forward_factor.worker.universe import keep_universe

log = structlog.get_logger()

SERVICE = "discovery"


async def serve_discovery(application: Application, stop: asyncio.Event) -> None:
    """Keep universe and events fresh and watch prices until ``stop``; of many that do, one is at work on each."""
    structlog.contextvars.bind_contextvars(service=SERVICE)
    async with opened_store(application, stop) as store:
        if store is None:
            return
        async with application.market_data(budgets=store.budgets) as data:
            log.info("discovery started", store=store.capabilities.name, provider=data.name)
            async with beating(store, application.clock, SERVICE), asyncio.TaskGroup() as all_:
                all_.create_task(keep_universe(application, store, data, stop))
                all_.create_task(watch_prices(application, store, data, stop))
                all_.create_task(keep_events(application, store, stop))
                await stop.wait()
        log.info("discovery stopped")
