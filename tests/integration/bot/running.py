"""A bot at work in this process, against the fake Telegram and a SQLite store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from forward_factor.bootstrap import Application
from forward_factor.bot.serve import serve_bot
from forward_factor.clock import FixedClock
from forward_factor.config import Settings
from forward_factor.storage.store import Store
from tests.fakes.bot_api import BotApiServer
from tests.integration.storage.accounts import NOW


@dataclass(slots=True)
class RunningBot:
    """A bot, the Telegram it is in, and the store it works on."""

    telegram: BotApiServer
    store: Store
    application: Application
    clock: FixedClock
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def running_bot(
    telegram: BotApiServer, store: Store, store_url: str, **settings: Any
) -> AsyncIterator[RunningBot]:
    """Serve within; the clock stands."""
    clock = FixedClock(NOW)
    given = {"telegram_bot_token": SecretStr(telegram.token), "telegram_api_base": telegram.url, **settings}
    read = Settings(_env_file=None, **given)  # type: ignore[call-arg]
    application = Application(read, store_url, clock)
    running = RunningBot(telegram, store, application, clock)
    serving = asyncio.create_task(serve_bot(application, running.stop))
    try:
        yield running
    finally:
        running.stop.set()
        await asyncio.wait_for(serving, 20)
