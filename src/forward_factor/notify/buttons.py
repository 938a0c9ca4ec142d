"""Buttons under messages, and what a tap on one sends back: 64 bytes at the most."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_BYTES = 64


class TapKind(StrEnum):
    """What a tap asks for; the letter is sent before the signal's id."""

    PLACE = "p"
    IGNORE = "i"
    NOTHING = "n"


_KINDS = {kind.value: kind for kind in TapKind}


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on a button under a signal."""

    kind: TapKind
    signal_id: str

    @property
    def data(self) -> str:
        """Return what the button sends back."""
        return f"{self.kind.value}:{self.signal_id}"


@dataclass(frozen=True, slots=True)
class Button:
    """One button: what it says and what it sends back."""

    label: str
    data: str


Rows = tuple[tuple[Button, ...], ...]


def parse_tap(data: str | None) -> Tap | None:
    """Return the tap that ``data`` came from, None where no button of ours sends that."""
    kind, colon, signal_id = (data or "").partition(":")
    known = _KINDS.get(kind)
    return Tap(known, signal_id) if colon and signal_id and known else None


def decision_row(signal_id: str, about: str = "") -> tuple[Button, ...]:
    """Return Place and Ignore; none for an id that cannot be sent back (the old bot's may be anything)."""
    taps = (Tap(TapKind.PLACE, signal_id), Tap(TapKind.IGNORE, signal_id))
    if not signal_id.isascii() or len(taps[0].data) > MOST_BYTES:
        return ()
    more = f" {about}" if about else ""
    return (Button(f"✅ Place{more}", taps[0].data), Button("✖ Ignore", taps[1].data))


def decided_row(signal_id: str, word: str) -> tuple[Button, ...]:
    """Return what takes the place of Place and Ignore once it is decided."""
    return (Button(word, Tap(TapKind.NOTHING, signal_id).data),)
