"""A chat that is a user's no longer."""

from __future__ import annotations

from forward_factor.errors import NotFound
from forward_factor.services.ports import Transactions


async def unlink_chat(store: Transactions, user_id: str, chat_id: str) -> None:
    """Take a chat from a user; what was on its way to it is not sent.

    Raises:
        NotFound: it is none of theirs.

    """
    async with store.unit_of_work() as work:
        if not await work.chats.remove(user_id, chat_id):
            raise NotFound("you have no such chat")
        await work.commit()
