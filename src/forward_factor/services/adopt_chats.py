"""Chats of the old bot's users: theirs here, too."""

from __future__ import annotations

from forward_factor.services.ports import Transactions


async def adopt_chats(store: Transactions) -> int:
    """Make every chat that the old bot knew its user's chat; return how many were not yet.

    Users that a copy brought have a chat only in ``users.telegram_chat_id``. Calling it again changes nothing.
    """
    async with store.unit_of_work() as work:
        adopted = await work.chats.adopt()
        await work.commit()
        return adopted
