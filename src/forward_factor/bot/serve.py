"""The bot as a service: commands, deliveries and digests, until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

import structlog
from telegram import BotCommand
from telegram.error import InvalidToken, TelegramError

from forward_factor.bootstrap import Application
from forward_factor.bot.app import build_library, furnish
from forward_factor.bot.commands import COMMANDS
from forward_factor.bot.dispatch import Library
from forward_factor.bot.updates import poll_updates
from forward_factor.bot.webhook import receive_updates
from forward_factor.errors import InvalidSettings
from forward_factor.notify.redaction import redacted
from forward_factor.notify.telegram import TelegramNotifier
from forward_factor.services.adopt_chats import adopt_chats
from forward_factor.services.deliver_messages import DeliverMessages
from forward_factor.services.gather_digests import gather_digests
from forward_factor.serving.heart import beating
from forward_factor.serving.loop import keep_doing
from forward_factor.serving.opening import opened_store
from forward_factor.serving.pauses import pause
from forward_factor.storage.store import Store

SERVICE = "bot"
DIGESTS_EVERY_S, ADOPTS_EVERY_S = 60.0, 3600.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0

log = structlog.get_logger()


async def serve_bot(application: Application, stop: asyncio.Event) -> None:
    """Serve until ``stop``, then finish what is under way. Where the database or Telegram is away, wait for it.

    Without a token there is no bot, but nothing is wrong: it says so and waits.

    Raises:
        InvalidSettings: Telegram does not know the token.

    """
    structlog.contextvars.bind_contextvars(service=SERVICE)
    async with opened_store(application, stop) as store:
        if store is None:
            return
        library = build_library(application)
        if library is None:
            log.warning("there is no bot: TELEGRAM_BOT_TOKEN is not set; @BotFather gives one")
            async with beating(store, application.clock, SERVICE):
                await stop.wait()
            return
        await _serve(library, application, store, stop)


async def _serve(library: Library, application: Application, store: Store, stop: asyncio.Event) -> None:
    async with AsyncExitStack() as opened:
        opened.push_async_callback(library.bot.shutdown)
        if not await _greet(library, stop):
            return
        opened.push_async_callback(library.shutdown)
        opened.callback(furnish(library, application, store).stop)
        await opened.enter_async_context(beating(store, application.clock, SERVICE))
        log.info("bot is at work", bot=library.bot.username)
        deliveries = DeliverMessages(store, TelegramNotifier(library.bot), application.clock)
        digests = _told("digests gathered", partial(gather_digests, store, application.clock))
        async with asyncio.TaskGroup() as tasks:
            for name, step, every_s in (
                ("taking updates", partial(_take_updates, library, application, stop), 0.0),
                ("delivering", partial(deliveries.run, stop), 0.0),
                ("adopting chats", _told("chats adopted", partial(adopt_chats, store)), ADOPTS_EVERY_S),
                ("gathering digests", digests, DIGESTS_EVERY_S),
            ):
                tasks.create_task(keep_doing(name, step, stop, every_s))
    log.info("bot has stopped")


async def _greet(library: Library, stop: asyncio.Event) -> bool:
    """Learn who the bot is, and have its commands listed; False if ``stop`` came first.

    Raises:
        InvalidSettings: Telegram does not know the token.

    """
    pause_s = FIRST_PAUSE_S
    while not stop.is_set():
        try:
            await library.initialize()
            await library.bot.set_my_commands([BotCommand(one.name, one.summary) for one in COMMANDS])
        except InvalidToken:
            raise InvalidSettings("Telegram does not know the token in TELEGRAM_BOT_TOKEN") from None
        except TelegramError as fault:
            log.warning("bot waits for Telegram", reason=redacted(str(fault)))
            await pause(stop, pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            return True
    return False


async def _take_updates(library: Library, application: Application, stop: asyncio.Event) -> None:
    settings = application.settings
    if settings.telegram_webhook_url:
        await receive_updates(library, settings.telegram_webhook_url, settings.telegram_webhook_port, stop)
    else:
        await poll_updates(library, stop)


def _told(done: str, action: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[None]]:
    """Return ``action``, which then tells how much it did where it did anything."""

    async def act() -> None:
        if count := await action():
            log.info(done, count=count)

    return act
