"""The chats of a user."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.services.chat_views import ChatView
from forward_factor.services.ports import Transactions


async def list_chats(store: Transactions, user_id: str) -> Sequence[ChatView]:
    """Return a user's chats with the bot, the first linked first."""
    async with store.reading() as work:
        return await work.chats.of_user(user_id)
