"""From updates to handlers and back: whose chat it is, how much it may ask, and errors as one line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from telegram import CallbackQuery, Chat, InlineKeyboardMarkup, Message, Update
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Command, Desk, Handler, Reply
from forward_factor.bot.commands import COMMANDS
from forward_factor.bot.handlers.decide import Decided, decide
from forward_factor.bot.handlers.price import asks_for_price, price
from forward_factor.bot.patience import Verdict
from forward_factor.bot.replies import Replies
from forward_factor.errors import ForwardFactorError, StoreUnavailable
from forward_factor.notify.buttons import Button, Tap, parse_tap
from forward_factor.notify.markup import shorten
from forward_factor.notify.redaction import redacted
from forward_factor.notify.telegram import keyboard
from forward_factor.services.chat_views import LinkedChat
from forward_factor.services.find_chat import find_chat
from forward_factor.services.ports.chats import Correspondent
from forward_factor.services.renumber_chat import renumber_chat
from forward_factor.services.set_chat_active import set_chat_active

Library = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]

GONE = (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
FOR_ANY_GROUP = ("start", "link", "help")
MOST_SHOWN = 150

log = structlog.get_logger()


class Dispatcher:
    """Takes updates, of which some come twice, and has each answered."""

    def __init__(self, desk: Desk, replies: Replies) -> None:
        self._desk = desk
        self._replies = replies

    def register(self, library: Library) -> None:
        """Have the library bring its updates here."""
        for command in COMMANDS:
            library.add_handler(CommandHandler(command.name, partial(self._command, command)))
        library.add_handler(CallbackQueryHandler(self._tap))
        library.add_handler(ChatMemberHandler(self._member, ChatMemberHandler.MY_CHAT_MEMBER))
        library.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, self._migrated))
        library.add_handler(MessageHandler(filters.TEXT, self._text))
        library.add_error_handler(self._fault)

    async def _command(self, command: Command, update: Update, context: Context) -> None:
        message = update.effective_message
        if message is not None:
            is_for_us = command.name in FOR_ANY_GROUP or _names_us(message, context)
            await self._respond(message, command.handle, tuple(context.args or ()), is_for_us=is_for_us)

    async def _text(self, update: Update, context: Context) -> None:
        """Take the answer to a question for a price; to other words say that there is help."""
        message = update.effective_message
        if message is None or message.text is None:
            return
        asked = message.reply_to_message
        if asked and asked.from_user and asked.from_user.id == context.bot.id and asks_for_price(asked.text):
            await self._respond(message, price, tuple(message.text.split()), asked.text)
        elif update.message and (message.chat.type == Chat.PRIVATE or _names_us(message, context)):
            await self._respond(message, _unknown, ())

    async def _respond(
        self,
        message: Message,
        handle: Handler,
        words: tuple[str, ...],
        answers_to: str | None = None,
        *,
        is_for_us: bool = True,
    ) -> None:
        chat = _correspondent(message.chat)
        verdict = self._desk.patience.judge(chat.chat_id)
        if verdict is Verdict.IGNORE:
            return
        is_group = message.chat.type != Chat.PRIVATE
        call = Call(chat, is_group, words, answers_to=answers_to)
        reply = Reply(messages.SLOW_DOWN)
        if verdict is Verdict.ANSWER:
            outcome = await self._outcome(handle, call, is_for_us=is_for_us)
            if outcome is None:
                return
            reply = outcome
        await self._replies.send(chat.chat_id, reply)

    async def _outcome(self, handle: Handler, call: Call, *, is_for_us: bool) -> Reply | None:
        """Return the answer to a call; None in a group that is nobody's, where it may be meant for another bot."""
        try:
            linked = await self._find(call.chat)
            if linked is None and call.is_group and not is_for_us:
                return None
            if linked is not None and not linked.user.is_active:
                return Reply(messages.DISABLED)
            return await handle(self._desk, Call(call.chat, call.is_group, call.words, linked, call.answers_to))
        except ForwardFactorError as fault:
            return Reply(_in_a_line(fault))

    async def _find(self, chat: Correspondent) -> LinkedChat | None:
        """Return a chat with its user; one that was asleep wakes, for it wrote."""
        linked = await find_chat(self._desk.store, chat.chat_id)
        if linked is not None and not linked.chat.is_active:
            await set_chat_active(self._desk.store, self._desk.clock, chat.chat_id, active=True)
            log.info("chat is active again", chat=chat.chat_id)
        return linked

    async def _tap(self, update: Update, _context: Context) -> None:
        query = update.callback_query
        if query is None or query.message is None:
            return
        tap, chat = parse_tap(query.data), _correspondent(query.message.chat)
        if tap is None:
            await _show(query, Decided("That button does nothing any more"))
            return
        if self._desk.patience.judge(chat.chat_id) is not Verdict.ANSWER:
            await _show(query, Decided("That was a lot at once: please wait a minute"))
            return
        decided = await self._decided(chat, tap)
        await _show(query, decided)
        if decided.row is not None:
            await _replace_row(query, tap, decided.row)
        if decided.question is not None:
            await self._replies.send(chat.chat_id, decided.question)

    async def _decided(self, chat: Correspondent, tap: Tap) -> Decided:
        try:
            linked = await self._find(chat)
            if linked is not None and not linked.user.is_active:
                return Decided("This account is disabled")
            return await decide(self._desk, Call(chat, linked=linked), tap)
        except StoreUnavailable:
            return Decided("The database cannot be reached just now: please try again in a minute")
        except ForwardFactorError as fault:
            return Decided(str(fault))

    async def _member(self, update: Update, _context: Context) -> None:
        change = update.my_chat_member
        if change is None:
            return
        is_active = change.new_chat_member.status not in GONE
        chat_id = str(change.chat.id)
        if await set_chat_active(self._desk.store, self._desk.clock, chat_id, active=is_active):
            log.info("chat is active again" if is_active else "chat has blocked the bot", chat=chat_id)

    async def _migrated(self, update: Update, _context: Context) -> None:
        """Follow a group to its new number, of which both the old chat and the new one tell."""
        message = update.effective_message
        if message is not None:
            old, new = message.migrate_from_chat_id or message.chat.id, message.migrate_to_chat_id or message.chat.id
            await renumber_chat(self._desk.store, str(old), str(new))

    async def _fault(self, update: object, context: Context) -> None:
        """Note what nobody foresaw, and say that it happened."""
        log.error("an update could not be handled", exc_info=context.error)
        if not isinstance(update, Update) or update.effective_chat is None:
            return
        if update.callback_query is not None:
            await _show(update.callback_query, Decided("Something went wrong here: it was noted"))
        elif update.effective_message is not None:
            await self._replies.send(str(update.effective_chat.id), Reply(messages.TRY_AGAIN))


async def _unknown(_desk: Desk, _call: Call) -> Reply:
    return Reply(messages.UNKNOWN)


def _correspondent(chat: Chat) -> Correspondent:
    return Correspondent(str(chat.id), chat.title or chat.full_name, chat.username)


def _names_us(message: Message, context: Context) -> bool:
    """Return whether a command is said to be for this bot."""
    first = (message.text or "").split(maxsplit=1)[:1]
    return bool(first) and first[0].startswith("/") and first[0].lower().endswith(f"@{context.bot.username.lower()}")


def _in_a_line(fault: ForwardFactorError) -> str:
    return messages.STORE_AWAY if isinstance(fault, StoreUnavailable) else messages.error_line(redacted(str(fault)))


async def _show(query: CallbackQuery, decided: Decided) -> None:
    try:
        await query.answer(shorten(redacted(decided.said), MOST_SHOWN))
    except TelegramError as fault:  # too late to show it, or away: what was decided stands
        log.info("a tap was not answered", reason=redacted(str(fault)))


async def _replace_row(query: CallbackQuery, tap: Tap, row: Sequence[Button]) -> None:
    """Show under the message what was decided on the signal; the buttons of others stay."""
    message = query.message
    if not isinstance(message, Message) or message.reply_markup is None:
        return
    shown, decided = message.reply_markup.inline_keyboard, keyboard((tuple(row),))
    assert decided is not None
    rows = [decided.inline_keyboard[0] if _is_about(one, tap) else one for one in shown]
    if InlineKeyboardMarkup(rows) == message.reply_markup:
        return
    try:
        await query.edit_message_reply_markup(InlineKeyboardMarkup(rows))
    except TelegramError as fault:
        log.info("buttons were not changed", reason=redacted(str(fault)))


def _is_about(row: Sequence[Any], tap: Tap) -> bool:
    taps = [parse_tap(button.callback_data) for button in row]
    return any(one is not None and one.signal_id == tap.signal_id for one in taps)
