"""The trade a user prefers."""

from __future__ import annotations

from enum import StrEnum


class Structure(StrEnum):
    """Calendars sell the front and buy the back at the same strikes."""

    CALL = "call"
    PUT = "put"
    DOUBLE = "double"


def parse_structure(text: str | None) -> Structure:
    """Return the structure meant by ``text``, ours or the old bot's (``ATM_calendar_call``); else a call calendar."""
    word = (text or "").lower()
    return next((one for one in (Structure.DOUBLE, Structure.PUT) if one.value in word), Structure.CALL)
