"""Chats as the people in them use them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.bot_api_markup import utf16_length
from tests.fakes.bot_api_world import Json, Message, World

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,64}(@[A-Za-z0-9_]+)?")
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Tap:
    """A button that was pressed."""

    world: World
    query_id: str

    @property
    def answer(self) -> str | None:
        """Return what the bot said to it, None as long as it has not."""
        with self.world.changed:
            given = self.world.answers.get(self.query_id)
            return None if given is None else str(given.get("text", ""))

    async def answered(self, seconds: float = PATIENCE_S) -> str:
        """Wait for what the bot says to it."""
        await asyncio.to_thread(_wait, self.world, lambda: self.query_id in self.world.answers, seconds)
        return self.answer or ""


@dataclass(frozen=True, slots=True)
class Chat:
    """A private chat or a group, seen from the people's side."""

    world: World
    chat_id: int

    @property
    def messages(self) -> list[Message]:
        """Return what the bot wrote, the oldest first."""
        with self.world.changed:
            return [one for one in self.world.order if one.chat_id == self.chat_id and one.is_from_bot]

    @property
    def texts(self) -> list[str]:
        """Return what the bot's messages say."""
        return [one.text for one in self.messages]

    def say(self, text: str, reply_to: Message | None = None, by: int | None = None) -> Message:
        """Write to the bot."""
        with self.world.changed:
            state = self.world.chats[self.chat_id]
            state.has_started = True
            message = self.world.new_message(
                self.chat_id,
                text,
                is_from_bot=False,
                entities=_commands_in(text),
                reply_to=reply_to.message_id if reply_to else None,
                sender_id=by or self._somebody,
            )
            self.world.push({"message": self.world.message_json(message)})
            return message

    async def ask(self, text: str, reply_to: Message | None = None, seconds: float = PATIENCE_S) -> Message:
        """Write to the bot and wait for its next message."""
        before = len(self.messages)
        self.say(text, reply_to)
        return await self.next_message(before, seconds)

    async def next_message(self, before: int, seconds: float = PATIENCE_S) -> Message:
        """Wait until the bot has written more than ``before`` messages, and return the first of those."""
        await self.wait_for(lambda: len(self.messages) > before, seconds)
        return self.messages[before]

    async def wait_for(self, is_so: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        """Wait until something is so in the fake Telegram."""
        await asyncio.to_thread(_wait, self.world, is_so, seconds)

    def edit(self, message: Message, text: str) -> None:
        """Change what was written."""
        with self.world.changed:
            message.text, message.entities, message.edited_at = text, _commands_in(text), time.time()
            self.world.push({"edited_message": self.world.message_json(message)})

    def tap(self, label: str, message: Message | None = None, by: int | None = None) -> Tap:
        """Press the button whose label holds ``label``, of ``message`` or of the newest that has one."""
        with self.world.changed:
            wanted = [message] if message else list(reversed(self.messages))
            for one in wanted:
                for button in (button for row in one.buttons for button in row):
                    if label in button.label:
                        return self.press(one, button.data, by)
        raise AssertionError(f"no button {label!r} in {[one.labels for one in wanted]}")

    def press(self, message: Message, data: str, by: int | None = None) -> Tap:
        """Send a button's data, be it under the message or not."""
        with self.world.changed:
            query = str(self.world.new_id())
            self.world.open_queries.add(query)
            sender: Json = {"id": query, "from": self.world.user_json(by or self._somebody), "chat_instance": "1"}
            shown = {"message": self.world.message_json(message), "data": data}
            self.world.push({"callback_query": sender | shown})
            return Tap(self.world, query)

    def block(self, *, silently: bool = False) -> None:
        """Refuse the bot's messages from now on; a group throws it out."""
        refusal = "blocked by the user" if self.chat_id > 0 else "kicked from the group chat"
        self._set_member("kicked", f"Forbidden: bot was {refusal}", silently=silently)

    def unblock(self, *, silently: bool = False) -> None:
        """Take the bot's messages again."""
        self._set_member("member", None, silently=silently)

    def migrate(self, to: int) -> Chat:
        """Make a group a supergroup of another number."""
        with self.world.changed:
            old = self.world.chats[self.chat_id]
            new = type(old)(to, "supergroup", old.title, has_started=True)
            self.world.chats[to], old.migrated_to = new, to
            for chat_id, told in (
                (self.chat_id, {"migrate_to_chat_id": to}),
                (to, {"migrate_from_chat_id": self.chat_id}),
            ):
                message = self.world.new_message(chat_id, "", is_from_bot=False, sender_id=self._somebody)
                shown = self.world.message_json(message)
                del shown["text"]
                self.world.push({"message": shown | told})
        return Chat(self.world, to)

    @property
    def _somebody(self) -> int:
        return self.chat_id if self.chat_id > 0 else 77

    def _member(self, status: str) -> Json:
        more: Json = {"until_date": 0} if status == "kicked" else {}
        return {"user": self.world.bot_json(), "status": status} | more

    def _set_member(self, status: str, refusal: str | None, *, silently: bool) -> None:
        with self.world.changed:
            chat = self.world.chats[self.chat_id]
            before, chat.refusal = "kicked" if chat.refusal else "member", refusal
            if silently:
                return
            states = [self._member(one) for one in (before, status)]
            update: Json = {"chat": self.world.chat_json(self.chat_id), "from": self.world.user_json(self._somebody)}
            update |= {"date": int(time.time()), "old_chat_member": states[0], "new_chat_member": states[1]}
            self.world.push({"my_chat_member": update})


def _commands_in(text: str) -> list[Json]:
    return [
        {"type": "bot_command", "offset": utf16_length(text[: found.start()]), "length": utf16_length(found[0])}
        for found in _COMMAND.finditer(text)
    ]


def _wait(world: World, is_so: Callable[[], bool], seconds: float) -> None:
    with world.changed:
        assert world.changed.wait_for(is_so, timeout=seconds), f"not within {seconds} s"
