"""An account that only Telegram knows."""

from __future__ import annotations

from uuid import uuid4

from forward_factor.core.account_settings import AccountSettings
from forward_factor.errors import NotFound
from forward_factor.services.chat_views import LinkedChat
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.chats import Correspondent


async def register_chat(
    store: Transactions, clock: Clock, settings: AccountSettings, chat: Correspondent
) -> LinkedChat:
    """Store a new account with its first chat and return it; a chat that is somebody's stays theirs."""
    async with store.unit_of_work() as work:
        await work.chats.register(str(uuid4()), chat, settings, clock.now())
        found = await work.chats.find(chat.chat_id)
        if found is None:
            raise NotFound("this chat could not be stored: try again")
        await work.commit()
        return found
