"""Updates that Telegram brings: each is answered for after it was handled, so one that is lost comes again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import defaultdict
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from telegram import Update
from telegram.error import TelegramError
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from forward_factor.bot.dispatch import Library
from forward_factor.bot.updates import WANTED
from forward_factor.notify.redaction import redacted
from forward_factor.serving.pauses import pause

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
MOST_BYTES = 1 << 20
RETRY_S = 10.0

log = structlog.get_logger()


async def receive_updates(library: Library, url: str, port: int, stop: asyncio.Event) -> None:
    """Listen on ``port`` for updates that Telegram sends to ``url``, until ``stop``."""
    secret = webhook_secret(library.bot.token)
    settings = {"library": library, "secret": secret, "turns": defaultdict(asyncio.Lock)}
    site = Application([(urlsplit(url).path or "/", _Receiver, settings)], log_function=lambda _: None)
    server = HTTPServer(site, max_body_size=MOST_BYTES)
    server.listen(port)
    try:
        await _announce(library, url, secret, stop)
        await stop.wait()
    finally:
        server.stop()
        await server.close_all_connections()


def webhook_secret(token: str) -> str:
    """Return what Telegram is to show with each update: it follows from the bot's token, and does not tell it."""
    return hmac.new(token.encode(), b"forward-factor webhook", hashlib.sha256).hexdigest()


async def _announce(library: Library, url: str, secret: str, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await library.bot.set_webhook(url, secret_token=secret, allowed_updates=WANTED)
        except TelegramError as fault:
            log.warning("webhook cannot be set", reason=redacted(str(fault)))
            await pause(stop, RETRY_S)
        else:
            return


class _Receiver(RequestHandler):
    """Takes one update a request."""

    def initialize(self, library: Library, secret: str, turns: defaultdict[int, asyncio.Lock]) -> None:
        self._library, self._secret, self._turns = library, secret, turns

    async def post(self) -> None:
        shown = self.request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode(), self._secret.encode()):
            self.set_status(HTTPStatus.FORBIDDEN)
            return
        try:
            update = Update.de_json(json.loads(self.request.body), self._library.bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            self.set_status(HTTPStatus.BAD_REQUEST)
            return
        async with self._turns[update.effective_chat.id if update.effective_chat else 0]:
            await self._library.process_update(update)
