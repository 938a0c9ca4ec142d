"""The bot as its library runs it, built from settings; nothing is connected yet."""

from __future__ import annotations

import logging

from telegram.ext import AIORateLimiter, ApplicationBuilder
from telegram.request import HTTPXRequest

from forward_factor.bootstrap import Application
from forward_factor.bot.calls import Desk
from forward_factor.bot.dispatch import Dispatcher, Library
from forward_factor.bot.patience import Patience
from forward_factor.bot.replies import Replies
from forward_factor.notify.telegram import CONNECT_S, POOL_S, READ_S, WRITE_S
from forward_factor.storage.store import Store

CONNECTIONS = 64


def build_library(application: Application) -> Library | None:
    """Return the library's application for the bot whose token is set, None if none is.

    Its rate limiter spaces messages (30 a second), and leaves it to the callers to wait where Telegram asks for that:
    they know what must stay in order.
    """
    token = application.settings.telegram_bot_token
    if token is None:
        return None
    # it would log every 429 as an error, with a trace; ours say the same in a line
    logging.getLogger("telegram.ext.AIORateLimiter").setLevel(logging.CRITICAL)
    return (
        ApplicationBuilder()
        .token(token.get_secret_value())
        .base_url(f"{application.settings.telegram_api_base.rstrip('/')}/bot")
        .request(_request(CONNECTIONS))
        .get_updates_request(_request(2))
        .rate_limiter(AIORateLimiter(group_max_rate=0, max_retries=0))
        .updater(None)
        .job_queue(None)
        .build()
    )


def furnish(library: Library, application: Application, store: Store) -> Replies:
    """Give the library its handlers; return the way of their answers."""
    replies = Replies(library.bot)
    Dispatcher(Desk(application, store, Patience()), replies).register(library)
    return replies


def _request(connections: int) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=connections,
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        write_timeout=WRITE_S,
        media_write_timeout=WRITE_S * 2,
        pool_timeout=POOL_S,
    )
