"""Telegram's HTML: escaped, a line at a time, never longer than Telegram takes.

Every line is whole in itself: its tags are closed in it. So a text may be cut at any line end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

MOST_TEXT, MOST_CAPTION = 4096, 1024
"""Longest text and caption, in UTF-16 units."""

_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_JOINER = "\u200d"


def escape(text: str) -> str:
    """Return ``text`` as one line that shows it: markup becomes letters, what cannot be shown a space."""
    shown = "".join(one if one.isprintable() or one == _JOINER else " " for one in text)
    return "".join(_NAMES.get(one, one) for one in shown)


def bold(text: str) -> str:
    """Return ``text``, escaped, in bold."""
    return f"<b>{escape(text)}</b>"


def code(text: str) -> str:
    """Return ``text``, escaped, in letters of one width that a tap copies."""
    return f"<code>{escape(text)}</code>"


def italic(text: str) -> str:
    """Return ``text``, escaped, in italics."""
    return f"<i>{escape(text)}</i>"


def shorten(text: str, most: int) -> str:
    """Return ``text`` itself, or as much of it as ``most`` characters hold, with a sign that more was there."""
    return text if len(text) <= most else text[: most - 1] + "…"


def units(text: str) -> int:
    """Return the length of ``text`` as Telegram counts it. Of HTML it is more than what is shown, never less."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(
    lines: Iterable[str], most: int = MOST_TEXT, left_out: Callable[[int], str] = lambda count: f"… {count} more lines"
) -> str:
    """Return as many of ``lines`` as ``most`` units hold, the last one saying how many were left out."""
    wanted = list(lines)
    whole = "\n".join(wanted)
    if units(whole) <= most:
        return whole
    room = most - units(left_out(len(wanted))) - 1
    kept: list[str] = []
    for line in wanted:
        room -= units(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([*kept, left_out(len(wanted) - len(kept))])
