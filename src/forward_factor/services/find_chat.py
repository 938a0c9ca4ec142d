"""Whose a chat is."""

from __future__ import annotations

from forward_factor.services.chat_views import LinkedChat
from forward_factor.services.ports import Transactions


async def find_chat(store: Transactions, chat_id: str) -> LinkedChat | None:
    """Return a chat with its user, None if it is nobody's; one that only the old bot knew is adopted."""
    async with store.reading() as work:
        found = await work.chats.find(chat_id)
    if found is not None:
        return found
    async with store.unit_of_work() as work:
        if not await work.chats.adopt(chat_id):
            return None
        found = await work.chats.find(chat_id)
        await work.commit()
        return found
