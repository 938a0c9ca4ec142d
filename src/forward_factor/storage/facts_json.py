"""The facts of messages as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from forward_factor.core.messages import (
    AlertFacts,
    DigestFacts,
    MessageFacts,
    MessageKind,
    NoticeFacts,
    ReminderFacts,
)

_TYPES: dict[MessageKind, type[MessageFacts]] = {
    MessageKind.ALERT: AlertFacts,
    MessageKind.DIGEST: DigestFacts,
    MessageKind.REMINDER: ReminderFacts,
    MessageKind.NOTICE: NoticeFacts,
}


def facts_to_json(facts: MessageFacts) -> dict[str, Any]:
    """Return facts as they are stored."""
    stored: dict[str, Any] = msgspec.to_builtins(facts)
    return stored


def facts_from_json(kind: str, stored: object) -> MessageFacts | None:
    """Return stored facts, None where they cannot be read as those of a message of that kind."""
    try:
        return msgspec.convert(stored, _TYPES[MessageKind(kind)])
    except (ValueError, msgspec.ValidationError):
        return None
