"""What users are to be told, and the way of each word to each of their chats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forward_factor.core.messages import MessageFacts, MessageKind


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A notification that is not stored yet.

    Attributes:
        dedupe_key: what it is about, whoever writes it and however often; a second one of it is not stored.
        due_at: when it may go out; one that lies ahead of ``created_at`` waits and goes out in a digest.

    """

    user_id: str
    kind: MessageKind
    dedupe_key: str
    created_at: datetime
    due_at: datetime
    facts: MessageFacts
    ticker: str | None = None
    signal_id: str | None = None

    @property
    def waits(self) -> bool:
        """Return whether it waits for a digest."""
        return self.due_at > self.created_at


class NotificationRepository(Protocol):
    """Keeps notifications and their deliveries."""

    async def add(self, new: Sequence[NewNotification]) -> int:
        """Store those not stored yet, those that do not wait with a delivery to every active chat; return how many."""

    async def gather_digests(self, now: datetime) -> int:
        """Turn what waited until ``now`` or before into one digest a user, with its deliveries; return how many."""
