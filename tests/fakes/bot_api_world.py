"""What is in the fake Telegram: chats, messages, updates that wait, and how the next calls are to go wrong."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manner:
    """How one call is to go wrong.

    Attributes:
        status: answer so instead of doing it; with 0 it is done.
        retry_after: seconds, in the answer of a 429.
        is_dropped: close the connection before anything is done.
        is_lost: do it, then close the connection without an answer.
        seconds: wait so long before anything else.
        held_s: do it, and wait so long with the answer.
    """

    status: int = 0
    description: str = ""
    retry_after: int | None = None
    is_dropped: bool = False
    is_lost: bool = False
    seconds: float = 0.0
    held_s: float = 0.0


def flood(retry_after: int) -> Manner:
    """Too many requests."""
    return Manner(429, f"Too Many Requests: retry after {retry_after}", retry_after)


def broken(status: int = 502) -> Manner:
    """An error of the server's own."""
    return Manner(status, "Bad Gateway" if status == 502 else "Internal Server Error")


DROPPED = Manner(is_dropped=True)
LOST = Manner(is_lost=True)


def slow(seconds: float) -> Manner:
    """An answer that takes its time."""
    return Manner(seconds=seconds)


def held(seconds: float) -> Manner:
    """Something done at once whose answer takes its time."""
    return Manner(held_s=seconds)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived and what it came to; ``at`` in seconds of the wall clock."""

    method: str
    parameters: Json
    at: float
    status: int
    description: str | None = None

    @property
    def chat_id(self) -> int | None:
        value = str(self.parameters.get("chat_id", ""))
        return int(value) if value.lstrip("-").isdigit() else None


@dataclass(frozen=True, slots=True)
class Button:
    """One button under a message."""

    label: str
    data: str


@dataclass(slots=True)
class Message:
    """A message in a chat, from the bot or to it, as a person sees it."""

    chat_id: int
    message_id: int
    is_from_bot: bool
    text: str
    at: float
    entities: list[Json] = field(default_factory=list)
    raw: str = ""
    buttons: list[list[Button]] = field(default_factory=list)
    photo: bytes | None = None
    asks_for_reply: bool = False
    reply_to: int | None = None
    sender_id: int = 0
    edited_at: float | None = None

    @property
    def labels(self) -> list[str]:
        """Return what the buttons say."""
        return [button.label for row in self.buttons for button in row]


@dataclass(slots=True)
class ChatState:
    """One chat as the server knows it."""

    chat_id: int
    kind: str
    title: str
    has_started: bool = False
    refusal: str | None = None
    migrated_to: int | None = None
    last_sent_at: float = 0.0


@dataclass(slots=True)
class World:
    """All of it; whoever reads or changes it holds ``changed``.

    Attributes:
        seconds_a_chat: least time between messages to one chat, else 429; 0 for none.
    """

    token: str
    bot_id: int
    username: str
    changed: threading.Condition = field(default_factory=threading.Condition)
    chats: dict[int, ChatState] = field(default_factory=dict)
    messages: dict[tuple[int, int], Message] = field(default_factory=dict)
    order: list[Message] = field(default_factory=list)
    updates: list[Json] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, Json] = field(default_factory=dict)
    open_queries: set[str] = field(default_factory=set)
    commands: list[Json] = field(default_factory=list)
    webhook: Json | None = None
    manners: dict[tuple[str, int | None], list[Manner]] = field(default_factory=lambda: defaultdict(list))
    poller: int = 0
    seconds_a_chat: float = 0.0
    is_stopping: bool = False
    _next_update: int = 1000
    _next_message: dict[int, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    _next_id: int = 500

    def new_id(self) -> int:
        """Return a number nothing else has."""
        self._next_id += 1
        return self._next_id

    def new_message(self, chat_id: int, text: str, *, is_from_bot: bool, **more: Any) -> Message:
        """Put a message into a chat."""
        number = self._next_message[chat_id]
        self._next_message[chat_id] += 1
        message = Message(chat_id, number, is_from_bot, text, time.time(), **more)
        self.messages[chat_id, number] = message
        self.order.append(message)
        self.changed.notify_all()
        return message

    def push(self, update: Json) -> None:
        """Queue an update for the bot."""
        self._next_update += 1
        self.updates.append({"update_id": self._next_update} | update)
        self.changed.notify_all()

    def next_manner(self, method: str, chat_id: int | None) -> Manner:
        """Return how this call is to go."""
        for key in ((method, chat_id), (method, None)):
            if self.manners[key]:
                return self.manners[key].pop(0)
        return Manner()

    def bot_json(self) -> Json:
        """Return the bot as a user."""
        return {"id": self.bot_id, "is_bot": True, "first_name": "Forward Factor", "username": self.username}

    def chat_json(self, chat_id: int) -> Json:
        """Return a chat as the API shows it."""
        chat = self.chats[chat_id]
        named = {"first_name": chat.title} if chat.kind == "private" else {"title": chat.title}
        return {"id": chat.chat_id, "type": chat.kind} | named

    def user_json(self, user_id: int) -> Json:
        """Return a person as the API shows them."""
        known = self.chats.get(user_id)
        name = known.title if known else "Somebody"
        return {"id": user_id, "is_bot": False, "first_name": name, "username": f"user{user_id}"}

    def message_json(self, message: Message, *, with_reply: bool = True) -> Json:
        """Return a message as the API shows it."""
        sender = self.bot_json() if message.is_from_bot else self.user_json(message.sender_id)
        shown: Json = {
            "message_id": message.message_id,
            "date": int(message.at),
            "chat": self.chat_json(message.chat_id),
            "from": sender,
        }
        content, marks = ("caption", "caption_entities") if message.photo is not None else ("text", "entities")
        shown |= {content: message.text}
        if message.entities:
            shown[marks] = message.entities
        if message.photo is not None:
            shown["photo"] = [{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}]
        if message.edited_at is not None:
            shown["edit_date"] = int(message.edited_at)
        if message.buttons:
            rows = [[{"text": one.label, "callback_data": one.data} for one in row] for row in message.buttons]
            shown["reply_markup"] = {"inline_keyboard": rows}
        replied = self.messages.get((message.chat_id, message.reply_to or 0))
        if replied is not None and with_reply:
            shown["reply_to_message"] = self.message_json(replied, with_reply=False)
        return shown
