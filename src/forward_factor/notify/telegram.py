"""Messages by Telegram. What its library raises becomes an error of ours here, and tells no token."""

from __future__ import annotations

from datetime import timedelta

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from forward_factor.core.messages import MessageFacts
from forward_factor.errors import ChatMoved, ChatUnreachable, ForwardFactorError, MessageRefused, SendLater
from forward_factor.notify.buttons import Rows
from forward_factor.notify.messages import write_message
from forward_factor.notify.redaction import redacted

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
CONNECT_S, READ_S, WRITE_S, POOL_S = 5.0, 10.0, 5.0, 1.0
"""A send ends within the sum of these, and a claim lasts longer than that."""

_OF_CHATS = (
    "chat not found",
    "chat_write_forbidden",
    "chat_restricted",
    "peer_id_invalid",
    "user is deactivated",
    "group chat was deactivated",
    "not enough rights",
    "have no rights",
    "topic_closed",
    "topic_deleted",
)
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_NO_WORD = ("bad gateway", "gateway timeout")


class TelegramNotifier:
    """Sends by a bot whose rate limiter does not try again by itself: it would outlive a claim."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, chat_id: str, facts: MessageFacts, *, may_repeat: bool) -> str:
        """Send a message and return its number in the chat."""
        written = write_message(facts, may_repeat=may_repeat)
        try:
            message = await self._bot.send_message(
                chat_id,
                written.html,
                parse_mode=ParseMode.HTML,
                link_preview_options=NO_PREVIEW,
                reply_markup=keyboard(written.buttons),
            )
        except TelegramError as fault:
            raise translated(fault) from None
        return str(message.message_id)


def keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    """Return buttons as Telegram takes them."""
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(one.label, callback_data=one.data) for one in row] for row in rows]
    )


def translated(fault: TelegramError) -> ForwardFactorError:
    """Return what a fault means for a message that was to be sent."""
    said = redacted(str(fault))
    match fault:
        case RetryAfter():
            return SendLater(f"Telegram asks to wait: {said}", wait_s(fault))
        case ChatMigrated():
            return ChatMoved(said, str(fault.new_chat_id))
        case Forbidden():
            return ChatUnreachable(said)
        case BadRequest():
            is_of_chat = any(phrase in said.lower() for phrase in _OF_CHATS)
            return ChatUnreachable(said) if is_of_chat else MessageRefused(said)
        case InvalidToken() | Conflict():
            return SendLater("Telegram refuses the bot: is TELEGRAM_BOT_TOKEN right?")
        case _:
            return SendLater(f"Telegram cannot be reached: {said}", may_have_arrived=_may_have_arrived(fault))


def wait_s(fault: RetryAfter) -> float:
    """Return how long Telegram asks to wait, in seconds, and a little more."""
    asked = fault.retry_after
    return (asked.total_seconds() if isinstance(asked, timedelta) else float(asked)) + 0.5


def _may_have_arrived(fault: TelegramError) -> bool:
    """Return whether a message may have gone through although no word of it came back."""
    if fault.__cause__ is not None:
        return not isinstance(fault.__cause__, _NEVER_LEFT)
    answered = isinstance(fault, NetworkError) and not any(phrase in str(fault).lower() for phrase in _NO_WORD)
    return not answered
