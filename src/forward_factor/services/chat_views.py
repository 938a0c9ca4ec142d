"""Chats and what is on its way to them, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from forward_factor.core.messages import MessageKind
from forward_factor.services.views import UserView


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatView:
    """A chat of a user with the bot; one that is not active takes no messages until it writes again."""

    chat_id: str
    user_id: str
    title: str | None
    is_active: bool
    linked_at: datetime | None


@dataclass(frozen=True, slots=True)
class LinkedChat:
    """A chat with the account it belongs to.

    Attributes:
        merged: whether an account that only Telegram knew has gone into this one.

    """

    chat: ChatView
    user: UserView
    merged: bool = False


@dataclass(frozen=True, slots=True)
class LinkCodeView:
    """A code by which a chat proves whose it is; it is shown once."""

    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that was given up, and why."""

    notification_id: str
    chat_id: str
    user_id: str
    kind: MessageKind
    ticker: str | None
    created_at: datetime
    failed_at: datetime
    attempts: int
    error: str | None
