"""Messages on their way to chats."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forward_factor.core.messages import MessageFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """A message that is this process's to send until its claim ends.

    Attributes:
        facts: what it says, None where that cannot be read.
        attempts: how often it was claimed, this time included; who holds another number has lost the claim.
        may_repeat: whether it may have been sent before: an earlier claim ended without a word.

    """

    notification_id: str
    chat_id: str
    facts: MessageFacts | None
    created_at: datetime
    attempts: int
    may_repeat: bool


class DeliveryRepository(Protocol):
    """Keeps what is on its way. What settles a claim returns False where the claim was lost."""

    async def is_any_due(self, now: datetime) -> bool:
        """Return whether a message may be claimed."""

    async def claim(
        self, now: datetime, until: datetime, most: int, busy_chats: Collection[str]
    ) -> Sequence[ClaimedDelivery]:
        """Claim the first message of each of ``most`` chats in which none is on its way, and which are not busy."""

    async def mark_sent(self, claimed: ClaimedDelivery, sent_at: datetime, message_id: str) -> bool:
        """Say that a message was taken."""

    async def put_off(self, claimed: ClaimedDelivery, until: datetime, reason: str, *, may_have_arrived: bool) -> bool:
        """Give a claim back until later; the later ones of its chat wait behind it."""

    async def fail(self, claimed: ClaimedDelivery, now: datetime, reason: str) -> bool:
        """Give a message up."""

    async def fail_chat(self, chat_id: str, now: datetime, reason: str) -> int:
        """Give up all that is on its way to a chat; return how many."""

    async def reopen(self, now: datetime, notification_id: str | None = None, chat_id: str | None = None) -> int:
        """Have what was given up, or those of it that are named, sent again; return how many."""
