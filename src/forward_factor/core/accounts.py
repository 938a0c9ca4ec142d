"""What counts as an e-mail address, a password and an active account."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from forward_factor.errors import InvalidInput

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1024
LONGEST_EMAIL = 254
ACTIVE, DISABLED = "active", "disabled"
ACTIVE_STATUSES = ("", ACTIVE)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_SHOWN = 40


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    ADMIN = "admin"


def parse_email(text: str) -> str:
    """Return ``text`` as the address of a new account: without surrounding space, its case kept.

    Raises:
        InvalidInput: it is no address, or too long.

    """
    email = text.strip()
    if not _EMAIL.fullmatch(email) or not email.isprintable() or len(email) > LONGEST_EMAIL:
        raise InvalidInput(
            f"{shown(text)} is not an e-mail address: write name@host, {LONGEST_EMAIL} characters at most"
        )
    return email


def email_key(email: str) -> str:
    """Return what two spellings of one address share: no two new accounts have the same."""
    return unicodedata.normalize("NFC", email.strip()).casefold()


def parse_new_password(text: str) -> str:
    """Return ``text``, to the letter, if it may be a new password. Old ones are what they are.

    Raises:
        InvalidInput: too short, too long, or no text; it is not repeated.

    """
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise InvalidInput(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if not is_storable(text):
        raise InvalidInput("a password is text in UTF-8, without NUL")
    return text


def is_storable(text: str) -> bool:
    """Return whether every store takes ``text``: no NUL, no half of a broken character."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def is_active(status: str | None) -> bool:
    """Return whether an account of that status may log in.

    The old bot wrote ``active``, or nothing. Any other word was written to keep somebody out.
    """
    return (status or "").strip(" ").lower() in ACTIVE_STATUSES


def shown(text: str) -> str:
    """Return ``text`` as a message may repeat it."""
    return ascii(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
