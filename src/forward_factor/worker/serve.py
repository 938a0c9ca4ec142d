"""The services without a face: scan workers, the scheduler, reminders. Each runs until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from forward_factor.bootstrap import Application
from forward_factor.core.rules import ScanRules
from forward_factor.services.adjust_decisions import AdjustedDecisions, adjust_due_decisions
from forward_factor.services.adopt_decisions import adopt_decisions
from forward_factor.services.evaluate_alerts import EvaluateAlerts
from forward_factor.services.plan_rules import plan_rules
from forward_factor.services.ports import ChainProvider, ScanFollower
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.services.send_reminders import ReminderCount, send_due_reminders
from forward_factor.serving.heart import beating
from forward_factor.serving.loop import keep_doing
from forward_factor.serving.opening import opened_store
from forward_factor.storage.store import Store
from forward_factor.worker import scheduling
from forward_factor.worker.batching import Batches
from forward_factor.worker.scans import DueScans
from forward_factor.worker.scheduling import Scheduler

log = structlog.get_logger()

STOPS_WITHIN_S = 5.0
"""How long a worker that is told to stop goes on with what it has begun."""
CARRIES_EVERY_S = 1.0
REMINDS_EVERY_S = 5.0
ADOPTS_EVERY_S = 3600.0
ADJUSTS_EVERY_S = 30.0


async def serve_worker(application: Application, stop: asyncio.Event) -> None:
    """Scan what is due until ``stop``."""
    structlog.contextvars.bind_contextvars(service="worker")
    async with opened_store(application, stop) as store:
        if store is None:
            return
        async with application.provider(application.scan_provider, budgets=store.budgets) as provider:
            await _work(application, store, provider, stop)
        log.info("worker stopped")


async def serve_scheduler(application: Application, stop: asyncio.Event) -> None:
    """Make slots of what is due until ``stop``."""
    structlog.contextvars.bind_contextvars(service=scheduling.SERVICE)
    async with opened_store(application, stop) as store:
        if store is None:
            return
        scheduler = Scheduler(store, application.clock, application.scan_queue(store), application.cadences)
        log.info("scheduler started", store=store.capabilities.name)
        async with beating(store, application.clock, scheduling.SERVICE, scheduler.facts):
            await scheduler.run(stop)
        log.info("scheduler stopped")


async def serve_reminders(application: Application, stop: asyncio.Event) -> None:
    """Send reminders at their time, and adjust open decisions on the days of splits, until ``stop``."""
    structlog.contextvars.bind_contextvars(service="reminders")
    async with opened_store(application, stop) as store:
        if store is None:
            return
        log.info("reminders started", store=store.capabilities.name)
        async with beating(store, application.clock, "reminders"), asyncio.TaskGroup() as all_:
            adopt = partial(_adopt, application, store)
            all_.create_task(keep_doing("planning reminders", adopt, stop, ADOPTS_EVERY_S))
            adjust = partial(_adjust, application, store)
            all_.create_task(keep_doing("adjusting decisions", adjust, stop, ADJUSTS_EVERY_S))
            remind = partial(_remind, application, store)
            all_.create_task(keep_doing("reminding", remind, stop, REMINDS_EVERY_S))
        log.info("reminders stopped")


async def _work(application: Application, store: Store, provider: ChainProvider, stop: asyncio.Event) -> None:
    scans = _due_scans(application, store, provider)
    batches = Batches(scans.run, application.tickers_a_batch)
    queue = application.scan_queue(store)
    serve = partial(queue.serve, batches.handle, stop, at_once=2 * application.tickers_a_batch)
    log.info("worker started", store=store.capabilities.name, provider=provider.name, batch=application.tickers_a_batch)
    async with beating(store, application.clock, "worker", lambda: dict(scans.tally)), asyncio.TaskGroup() as all_:
        all_.create_task(keep_doing("the queue", serve, stop, every_s=0.0))
        if store.scan_queue() is None:  # its scheduler may be another process, which cannot fill our memory
            carry = partial(_carry, application, store)
            all_.create_task(keep_doing("filling the queue", carry, stop, CARRIES_EVERY_S))
        await stop.wait()
        await batches.end(STOPS_WITHIN_S)


def _due_scans(application: Application, store: Store, provider: ChainProvider) -> DueScans:
    plan = partial(plan_rules, store, application.rules(), application.account_settings)
    alerts = EvaluateAlerts(application.clock, application.account_settings)

    def scanner(rules: ScanRules, followers: Sequence[ScanFollower]) -> ScanTickers:
        return application.scanner(provider, store, rules=rules, followers=(*followers, alerts))

    return DueScans(store, application.clock, application.cadences, plan, scanner)


async def _carry(application: Application, store: Store) -> None:
    async with store.reading() as work:
        waiting = await work.slots.waiting(application.clock.now())
    if waiting:
        await application.scan_queue(store).put(waiting)


async def _adopt(application: Application, store: Store) -> None:
    adopted = await adopt_decisions(store, application.clock)
    if adopted:
        log.info("reminders planned", positions=adopted)


async def _adjust(application: Application, store: Store) -> None:
    done = await adjust_due_decisions(store, application.clock)
    if done != AdjustedDecisions():
        log.info("decisions adjusted", adjusted=done.adjusted, taken_back=done.taken_back, need_look=done.need_look)


async def _remind(application: Application, store: Store) -> None:
    done = await send_due_reminders(store, application.clock)
    if done != ReminderCount():
        log.info("reminded", sent=done.sent, missed=done.missed)
