"""Answers on their way out. Unlike what is owed they are sent once: who gets none asks again."""

from __future__ import annotations

import asyncio

import structlog
from telegram import Bot, ForceReply, InlineKeyboardMarkup
from telegram.constants import ParseMode
from telegram.error import TelegramError

from forward_factor.bot.calls import Reply
from forward_factor.errors import ChatUnreachable, ForwardFactorError, SendLater
from forward_factor.notify.telegram import NO_PREVIEW, keyboard, translated

MOST_TRIES = 4
LONGEST_WAIT_S = 600.0

log = structlog.get_logger()


class Replies:
    """Sends answers, each chat's in the order they were given; who asks to wait is waited for, aside."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._late: dict[str, asyncio.Task[None]] = {}

    async def send(self, chat_id: str, reply: Reply) -> None:
        """Send an answer; behind those of its chat that wait."""
        before = self._late.get(chat_id)
        if before is None:
            fault = await self._try(chat_id, reply)
            if fault is None or fault.wait_s is None:
                return
        task = asyncio.create_task(self._send_later(chat_id, reply, before))
        self._late[chat_id] = task
        task.add_done_callback(lambda done: self._forget(chat_id, done))

    def stop(self) -> None:
        """Give up the answers that wait."""
        for task in self._late.values():
            task.cancel()

    def _forget(self, chat_id: str, done: asyncio.Task[None]) -> None:
        if self._late.get(chat_id) is done:
            del self._late[chat_id]

    async def _send_later(self, chat_id: str, reply: Reply, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        for _ in range(MOST_TRIES):
            fault = await self._try(chat_id, reply)
            if fault is None or fault.wait_s is None or fault.wait_s > LONGEST_WAIT_S:
                return
            await asyncio.sleep(fault.wait_s)

    async def _try(self, chat_id: str, reply: Reply) -> SendLater | None:
        """Send, and return why it is to be sent later; what will never go is let go."""
        try:
            await self._send(chat_id, reply)
        except TelegramError as fault:
            known: ForwardFactorError = translated(fault)
            level = log.info if isinstance(known, ChatUnreachable) else log.warning
            level("answer was not taken", chat=chat_id, reason=str(known))
            return known if isinstance(known, SendLater) else None
        return None

    async def _send(self, chat_id: str, reply: Reply) -> None:
        markup: InlineKeyboardMarkup | ForceReply | None = keyboard(reply.buttons)
        if reply.asks is not None:
            markup = ForceReply(input_field_placeholder=reply.asks)
        if reply.picture is not None:
            await self._bot.send_photo(
                chat_id, reply.picture, caption=reply.html, parse_mode=ParseMode.HTML, reply_markup=markup
            )
            return
        await self._bot.send_message(
            chat_id, reply.html, parse_mode=ParseMode.HTML, reply_markup=markup, link_preview_options=NO_PREVIEW
        )
