"""The bot's heartbeat, by which health checks know that it is at work."""

from __future__ import annotations

import asyncio
import os
import socket

import structlog

from forward_factor.bot.waiting import sleep_unless_stopped
from forward_factor.errors import StorageError
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.service_health import Heartbeat
from forward_factor.services.record_heartbeat import record_heartbeat

SERVICE = "bot"
BEATS_EVERY_S = 10.0

log = structlog.get_logger()


async def keep_beating(store: Transactions, clock: Clock, stop: asyncio.Event) -> None:
    """Say every few seconds, and once at the end, that the bot is at work."""
    instance, started_at = f"{socket.gethostname()}:{os.getpid()}", clock.now()
    while True:
        try:
            await record_heartbeat(store, Heartbeat(SERVICE, instance, started_at, clock.now()), {})
        except StorageError as fault:
            log.warning("no heartbeat", error=str(fault))
        if stop.is_set():
            return
        await sleep_unless_stopped(stop, BEATS_EVERY_S)
