"""Passwords: argon2id for new hashes, bcrypt as the old bot left it; all off the event loop."""

from __future__ import annotations

import asyncio
import re
from functools import cached_property

from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from forward_factor.services.ports import PasswordVerdict

_BCRYPT_MOST_BYTES = 72
_BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>[0-9]{2})\$[A-Za-z0-9./]{53}")
_BCRYPT_COSTS = range(4, 17)
_ARGON2 = re.compile(
    r"\$argon2id?\$v=[0-9]{1,3}\$m=(?P<kib>[0-9]{1,10}),t=(?P<passes>[0-9]{1,10}),p=[0-9]{1,8}"
    r"\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+"
)
_MOST_KIB, _MOST_PASSES = 1 << 20, 32
"""Beyond these a hash was not made by a program like ours: it would hold a log-in up for minutes."""


class PwdlibPasswordHasher:
    """Hashes by pwdlib. A refusal costs one argon2 and one bcrypt, whoever is asked for.

    Without that, the time of an answer would tell who has an account, and who came from the old bot.
    """

    def __init__(self, argon2: Argon2Hasher | None = None, bcrypt: BcryptHasher | None = None) -> None:
        self._argon2 = argon2 or Argon2Hasher()
        self._bcrypt = bcrypt or BcryptHasher()

    async def hash(self, password: str) -> str:
        """Return a new hash, salted."""
        return await asyncio.to_thread(self._argon2.hash, password)

    async def check(self, password: str, stored: str | None) -> PasswordVerdict:
        """Say whether ``stored`` is a hash of ``password``; none, or a damaged one, is of no password."""
        return await asyncio.to_thread(self._check, password, stored)

    def _check(self, password: str, stored: str | None) -> PasswordVerdict:
        stored = stored or ""
        typed = password.encode(errors="surrogatepass")
        if _is_bcrypt(stored):
            if self._equals_bcrypt(typed, stored):
                return PasswordVerdict(is_right=True, renewed=self._argon2.hash(typed))
            self._argon2.verify(typed, self._nobody)
        elif _is_argon2(stored):
            if self._argon2.verify(typed, stored):
                outdated = self._argon2.check_needs_rehash(stored)
                return PasswordVerdict(is_right=True, renewed=self._argon2.hash(typed) if outdated else None)
            self._equals_bcrypt(typed, self._nobody_of_old)
        else:
            self._argon2.verify(typed, self._nobody)
            self._equals_bcrypt(typed, self._nobody_of_old)
        return PasswordVerdict(is_right=False)

    def _equals_bcrypt(self, typed: bytes, stored: str) -> bool:
        """Compare what bcrypt can see; the old bot's library cut the rest off, today's refuses it."""
        try:
            return self._bcrypt.verify(typed[:_BCRYPT_MOST_BYTES], stored)
        except ValueError:  # a salt whose last bits no encoder writes
            return False

    @cached_property
    def _nobody(self) -> str:
        return self._argon2.hash("")

    @cached_property
    def _nobody_of_old(self) -> str:
        return self._bcrypt.hash("")


def _is_bcrypt(stored: str) -> bool:
    found = _BCRYPT.fullmatch(stored)
    return found is not None and int(found["cost"]) in _BCRYPT_COSTS


def _is_argon2(stored: str) -> bool:
    found = _ARGON2.fullmatch(stored)
    return found is not None and int(found["kib"]) <= _MOST_KIB and int(found["passes"]) <= _MOST_PASSES
