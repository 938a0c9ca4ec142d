"""/me: whose chat this is."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import NOT_LINKED, Call, Desk, Reply
from forward_factor.errors import NotFound
from forward_factor.services.list_chats import list_chats
from forward_factor.services.list_decisions import LARGEST_PAGE, list_decisions
from forward_factor.services.list_watchlist import list_watchlist


async def me(desk: Desk, call: Call) -> Reply:
    """Say whose chat it is, and what they watch and hold."""
    if call.linked is None:
        raise NotFound(NOT_LINKED)
    chats = await list_chats(desk.store, call.user_id)
    watched = await list_watchlist(desk.store, call.user_id)
    positions = await list_decisions(desk.store, call.user_id, limit=LARGEST_PAGE, only_open=True)
    return Reply(messages.account(call.linked, chats, len(watched), len(positions.decisions)))
