"""The trade a user prefers."""

from __future__ import annotations

from enum import StrEnum

from forward_factor.core.rules import VolPoint


class Structure(StrEnum):
    """Calendars sell the front and buy the back at the same strikes."""

    CALL = "call"
    PUT = "put"
    DOUBLE = "double"


def parse_structure(text: str | None) -> Structure:
    """Return the structure meant by ``text``, ours or the old bot's (``ATM_calendar_call``); else a call calendar."""
    word = (text or "").lower()
    return next((one for one in (Structure.DOUBLE, Structure.PUT) if one.value in word), Structure.CALL)


def structure_at(preferred: Structure, vol_point: str | None) -> Structure:
    """Return what a user who prefers ``preferred`` trades at a vol point; 35 delta points fix a calendar's right."""
    if preferred is Structure.DOUBLE:
        return preferred
    fixed = {VolPoint.PUT_35D.value: Structure.PUT, VolPoint.CALL_35D.value: Structure.CALL}
    return fixed.get(vol_point or "", preferred)


def sells_call(structure: Structure) -> bool:
    """Return whether a structure is short a call, which may be exercised early for a dividend."""
    return structure is not Structure.PUT
