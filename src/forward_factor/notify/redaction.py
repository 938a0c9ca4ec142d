"""Texts without the tokens of Telegram bots, which their library puts into addresses and messages."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

_BOT_TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{20,}")
HIDDEN = "<token>"


def redacted(text: str) -> str:
    """Return ``text`` with a word in place of every bot token."""
    return _BOT_TOKEN.sub(HIDDEN, text)


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take tokens out of an event before it is written; a processor of structlog."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = redacted(value)
    return event
