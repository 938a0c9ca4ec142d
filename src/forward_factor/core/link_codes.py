"""Codes that people copy from one screen to another."""

from __future__ import annotations

import hashlib
import re

from forward_factor.errors import LinkRefused

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, 1, I and L, U and V: letters that are taken for one another."""
LENGTH = 10
"""Thirty letters at ten places are 49 bits: at a thousand guesses a minute, a million years for half of them."""
REFUSAL = "that code is wrong, was used, or is older than ten minutes: get a new one"


def show_code(letters: str) -> str:
    """Return a code as it is shown, in two halves."""
    return f"{letters[: LENGTH // 2]}-{letters[LENGTH // 2 :]}"


def parse_code(text: str) -> str:
    """Return the letters of a code, however it was typed.

    Raises:
        LinkRefused: it is no code.

    """
    letters = re.sub(r"[\s\-–_]", "", text).upper()
    if len(letters) != LENGTH or not set(letters) <= set(ALPHABET):
        raise LinkRefused(REFUSAL)
    return letters


def code_digest(letters: str) -> str:
    """Return what is stored of a code. A plain hash will do: a code is random and lives for minutes."""
    return hashlib.sha256(f"link:{letters}".encode()).hexdigest()
