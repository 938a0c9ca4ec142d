"""Chats of users, and the codes by which they prove whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forward_factor.core.account_settings import AccountSettings
from forward_factor.services.chat_views import ChatView, LinkedChat


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Who writes: a chat as Telegram describes it."""

    chat_id: str
    title: str | None = None
    username: str | None = None


class ChatRepository(Protocol):
    """Keeps whose each chat is."""

    async def find(self, chat_id: str) -> LinkedChat | None:
        """Return a chat with its user."""

    async def of_user(self, user_id: str) -> Sequence[ChatView]:
        """Return a user's chats, the first linked first."""

    async def adopt(self, chat_id: str | None = None) -> int:
        """Make chats of users of the old bot theirs, or the one with that number; return how many were not yet."""

    async def add(self, user_id: str, chat: Correspondent, at: datetime) -> bool:
        """Make a chat a user's, unless it is somebody's; it is their first if they have none."""

    async def register(self, user_id: str, chat: Correspondent, settings: AccountSettings, at: datetime) -> bool:
        """Store an account that only Telegram knows, with its chat; False if the chat is somebody's."""

    async def set_active(self, chat_id: str, *, active: bool) -> bool:
        """Say whether a chat takes messages; False if that was known, or nobody has the chat."""

    async def give(self, chat_id: str, user_id: str, at: datetime) -> None:
        """Make somebody's chat another user's."""

    async def remove(self, user_id: str, chat_id: str) -> bool:
        """Forget one of a user's chats, and what is on its way to it; False if it is none of theirs."""

    async def renumber(self, old: str, new: str) -> None:
        """Have a chat, with all that is on its way to it, go on under another number."""

    async def absorb(self, user_id: str, into: str) -> None:
        """Give all that one account has, but for its watchlist, to another, and delete it."""


class LinkCodeRepository(Protocol):
    """Keeps digests of link codes."""

    async def replace(self, user_id: str, digest: str, now: datetime, expires_at: datetime) -> None:
        """Store a code in place of those the user had; those of others that have expired go too."""

    async def take(self, digest: str, now: datetime) -> str | None:
        """Use a code up and return whose it is, None if it is wrong, used or too old."""
