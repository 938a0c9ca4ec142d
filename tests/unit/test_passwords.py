"""Hashes: ours, the old bot's, and what is none."""

from __future__ import annotations

import threading

import bcrypt
import pytest
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from forward_factor.passwords import PwdlibPasswordHasher

PASSWORD = "correct horse battery"
CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
ANOTHER = CHEAP.hash("another", salt=b"salt of 16 bytes")
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode()


class Argon2Spy(Argon2Hasher):
    """Counts its work, and remembers the threads it was done in."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0
        self.threads: set[threading.Thread] = set()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.threads.add(threading.current_thread())
        return super().hash(password, salt=salt)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002
        self.verified += 1
        self.threads.add(threading.current_thread())
        return super().verify(password, hash)


class BcryptSpy(BcryptHasher):
    """Counts its work."""

    def __init__(self) -> None:
        super().__init__(rounds=4)
        self.verified = 0

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002
        self.verified += 1
        return super().verify(password, hash)


@pytest.fixture
def passwords() -> PwdlibPasswordHasher:
    return PwdlibPasswordHasher(CHEAP, BcryptHasher(4))


async def test_a_new_hash_is_argon2id_salted_and_right_for_its_password_alone(passwords: PwdlibPasswordHasher) -> None:
    first, second = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)
    assert first.startswith("$argon2id$")
    assert first != second
    verdict = await passwords.check(PASSWORD, first)
    assert (verdict.is_right, verdict.renewed) == (True, None)
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), first):
        assert not (await passwords.check(wrong, first)).is_right


async def test_defaults_are_argon2id_and_no_cheap_one() -> None:
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in await PwdlibPasswordHasher().hash(PASSWORD)


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
async def test_a_bcrypt_hash_is_accepted_and_renewed(passwords: PwdlibPasswordHasher, prefix: str) -> None:
    stored = prefix + BCRYPT[4:]
    verdict = await passwords.check(PASSWORD, stored)
    assert verdict.is_right
    assert verdict.renewed is not None
    assert verdict.renewed.startswith("$argon2id$")
    assert (await passwords.check(PASSWORD, verdict.renewed)).is_right
    wrong = await passwords.check(PASSWORD + "!", stored)
    assert (wrong.is_right, wrong.renewed) == (False, None)


async def test_an_argon2_hash_of_other_cost_is_renewed(passwords: PwdlibPasswordHasher) -> None:
    verdict = await passwords.check(PASSWORD, Argon2Hasher(2, 16, 1).hash(PASSWORD))
    assert verdict.is_right
    assert verdict.renewed is not None
    assert "$m=8,t=1,p=1$" in verdict.renewed


@pytest.mark.parametrize("password", ["x" * 73, "ü" * 60, "x" * 100_000])
async def test_bcrypt_sees_72_bytes_and_the_new_hash_all(passwords: PwdlibPasswordHasher, password: str) -> None:
    stored = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    verdict = await passwords.check(password, stored)
    assert verdict.is_right
    assert (await passwords.check(password, verdict.renewed)).is_right
    assert not (await passwords.check(password[:-1], verdict.renewed)).is_right


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "plain text",
        PASSWORD,
        BCRYPT[:-1],
        BCRYPT + "x",
        BCRYPT.replace("$04$", "$03$"),
        BCRYPT.replace("$04$", "$31$"),
        BCRYPT.replace("$2b$", "$2x$"),
        BCRYPT[:7] + "+" * 53,
        BCRYPT[:7] + "a" * 53,
        BCRYPT + "\n",
        "$2b$12$abcdefghijklmnopqrstuuO6nUMVgSZtZ4nyqCEX9cVwLm9WOB8W",
        "$argon2id$v=19$m=65536,t=3,p=4$abc$def",
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ",
        "$argon2id$v=19$m=4294967295,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
        "$argon2id$v=19$m=8,t=999999999,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
        "$argon2id$v=19$m=8,t=1,p=0$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
        "$argon2id$v=99$m=8,t=1,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$é",
        "$argon2id$v=19$m=٨,t=1,p=1$c29tZXNhbHQ$abcd",
        f"$argon2id$v=19$m={'9' * 5000},t=1,p=1$c29tZXNhbHQ$abcd",
        "pbkdf2:sha256:600000$salt$abcdef",
        "x" * 1_000_000,
    ],
)
@pytest.mark.parametrize("password", [PASSWORD, "", "a\0b", "half \ud800", "plain text"])
async def test_what_is_no_hash_is_of_no_password(
    passwords: PwdlibPasswordHasher, stored: str | None, password: str
) -> None:
    verdict = await passwords.check(password, stored)
    assert (verdict.is_right, verdict.renewed) == (False, None)


@pytest.mark.parametrize("stored", [None, "damaged", BCRYPT, ANOTHER, BCRYPT[:7] + "a" * 53])
async def test_every_refusal_costs_the_same(stored: str | None) -> None:
    argon2, old = Argon2Spy(), BcryptSpy()
    passwords = PwdlibPasswordHasher(argon2, old)
    assert not (await passwords.check("wrong", stored)).is_right
    assert (argon2.verified, old.verified) == (1, 1)


async def test_hashing_leaves_the_event_loop_free() -> None:
    argon2 = Argon2Spy()
    passwords = PwdlibPasswordHasher(argon2, BcryptSpy())
    await passwords.check(PASSWORD, await passwords.hash(PASSWORD))
    assert argon2.threads
    assert threading.main_thread() not in argon2.threads


async def test_no_hash_is_in_what_a_verdict_shows_of_itself(passwords: PwdlibPasswordHasher) -> None:
    assert "argon2" not in repr(await passwords.check(PASSWORD, BCRYPT))
