"""A notifier that keeps what it is given, or fails as it is told."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

from forward_factor.core.messages import MessageFacts, NoticeFacts


@dataclass(slots=True)
class ScriptedNotifier:
    """Keeps messages by chat; ``script[chat]`` are faults that its next sends end in.

    Attributes:
        seconds: how long a send takes.
        most_at_once: how many sends were under way at the same time.
        overlaps: chats to which two sends were under way at the same time.
    """

    seconds: float = 0.0
    script: dict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    repeats: list[str] = field(default_factory=list)
    most_at_once: int = 0
    overlaps: set[str] = field(default_factory=set)
    _under_way: list[str] = field(default_factory=list)

    async def send(self, chat_id: str, facts: MessageFacts, *, may_repeat: bool) -> str:
        """Keep the message, or fail."""
        if chat_id in self._under_way:
            self.overlaps.add(chat_id)
        self._under_way.append(chat_id)
        self.most_at_once = max(self.most_at_once, len(self._under_way))
        try:
            await asyncio.sleep(self.seconds)
            if self.script[chat_id]:
                raise self.script[chat_id].pop(0)
        finally:
            self._under_way.remove(chat_id)
        assert isinstance(facts, NoticeFacts)
        self.sent[chat_id].append(facts.text)
        if may_repeat:
            self.repeats.append(facts.text)
        return str(len(self.sent[chat_id]))
