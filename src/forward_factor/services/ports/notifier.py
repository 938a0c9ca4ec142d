"""How messages get to people."""

from __future__ import annotations

from typing import Protocol

from forward_factor.core.messages import MessageFacts


class Notifier(Protocol):
    """Sends messages."""

    async def send(self, chat_id: str, facts: MessageFacts, *, may_repeat: bool) -> str:
        """Send a message, within seconds, and return its number in the chat; it says so if it may be a repeat.

        Raises:
            ChatUnreachable: the chat takes no messages.
            ChatMoved: it goes on under another number.
            MessageRefused: this message will never be taken.
            SendLater: it may be taken later; whether it may have been taken already.

        """
