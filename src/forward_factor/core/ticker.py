"""What counts as a ticker: the text is a key, a file name and part of a URL, so it is judged once, here."""

from __future__ import annotations

import re

from forward_factor.errors import InvalidTicker

_PATTERN = re.compile(r"\^?[A-Z0-9][A-Z0-9._-]{0,14}")


def parse_ticker(text: str) -> str:
    """Return ``text`` as a canonical ticker (upper case, e.g. ``BRK.B``, ``BRK-B``, ``^SPX``).

    Raises:
        InvalidTicker: the text holds anything but letters, digits, dot, dash and underscore, or is too long.

    """
    ticker = text.strip().upper()
    if not text.isascii() or not _PATTERN.fullmatch(ticker):
        raise InvalidTicker(f"{_shown(text)} is not a ticker: use up to 15 letters, digits, '.', '-' or '_'")
    return ticker


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:40] + "…")
