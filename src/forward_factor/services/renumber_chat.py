"""A group that became a supergroup, and so goes on under another number."""

from __future__ import annotations

from forward_factor.services.ports import Transactions


async def renumber_chat(store: Transactions, old: str, new: str) -> None:
    """Have a chat, with all that is on its way to it, go on under another number; again, nothing changes."""
    async with store.unit_of_work() as work:
        await work.chats.renumber(old, new)
        await work.commit()
