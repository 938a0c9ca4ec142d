"""A chat becomes a user's by a code that the user was given."""

from __future__ import annotations

from forward_factor.core.link_codes import REFUSAL, code_digest, parse_code
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidTicker, LinkRefused
from forward_factor.services.chat_views import LinkedChat
from forward_factor.services.ports import Clock, Transactions, UnitOfWork
from forward_factor.services.ports.chats import Correspondent

MOVED_AWAY = "the chat now belongs to another account"


async def link_chat(store: Transactions, clock: Clock, code: str, chat: Correspondent) -> LinkedChat:
    """Make ``chat`` one of the user's who was given ``code``; return it.

    If it was the chat of an account that only Telegram knows, that account goes into the user's: what it watches,
    decided, is reminded of and was told, and its other chats. All of it is one transaction.

    Raises:
        LinkRefused: the code is wrong, used or too old, or its account is disabled.

    """
    digest, now = code_digest(parse_code(code)), clock.now()
    async with store.unit_of_work() as work:
        user_id = await work.link_codes.take(digest, now)
        if user_id is None:
            raise LinkRefused(REFUSAL)
        await work.chats.adopt(chat.chat_id)
        before = await work.chats.find(chat.chat_id)
        merged = False
        if before is None:
            await work.chats.add(user_id, chat, now)
        elif before.user.id != user_id:
            merged = before.user.email is None
            await (_absorb(work, clock, before, user_id) if merged else _give(work, clock, before, user_id))
        await work.chats.set_active(chat.chat_id, active=True)
        linked = await work.chats.find(chat.chat_id)
        if linked is None or linked.user.id != user_id or not linked.user.is_active:
            raise LinkRefused(REFUSAL)
        await work.commit()
        return LinkedChat(linked.chat, linked.user, merged)


async def _absorb(work: UnitOfWork, clock: Clock, before: LinkedChat, user_id: str) -> None:
    for one in sorted((before.user.id, user_id)):  # always in the same order, lest two wait for one another
        await work.users.lock(one, to_delete=one == before.user.id)
    watched = [one.ticker for one in await work.watchlists.of_user(before.user.id)]
    await work.watchlists.add(user_id, [_canonical(one) for one in watched], clock.now())
    await work.watchlists.remove(before.user.id, [one.upper() for one in watched])
    await work.chats.absorb(before.user.id, user_id)


async def _give(work: UnitOfWork, clock: Clock, before: LinkedChat, user_id: str) -> None:
    await work.deliveries.fail_chat(before.chat.chat_id, clock.now(), MOVED_AWAY)
    await work.chats.give(before.chat.chat_id, user_id, clock.now())


def _canonical(ticker: str) -> str:
    """Return a ticker of the old bot's as ours, or as it is where it is none."""
    try:
        return parse_ticker(ticker)
    except InvalidTicker:
        return ticker
