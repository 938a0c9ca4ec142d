"""Chats that take messages, and those that do not any more."""

from __future__ import annotations

from forward_factor.services.ports import Clock, Transactions


async def set_chat_active(store: Transactions, clock: Clock, chat_id: str, *, active: bool) -> bool:
    """Say whether a chat takes messages; return whether that is news. What was on its way to it is given up."""
    async with store.unit_of_work() as work:
        is_news = await work.chats.set_active(chat_id, active=active)
        if not active:
            await work.deliveries.fail_chat(chat_id, clock.now(), "the chat has blocked the bot")
        await work.commit()
        return is_news
