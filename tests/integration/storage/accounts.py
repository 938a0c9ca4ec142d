"""Accounts for the storage tests, made by the real use cases; hashes that cost little."""

from __future__ import annotations

from datetime import UTC, datetime

from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from forward_factor.clock import FixedClock
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import Role
from forward_factor.passwords import PwdlibPasswordHasher
from forward_factor.services.log_in import log_in
from forward_factor.services.ports import NewUser
from forward_factor.services.register_user import register_user
from forward_factor.services.views import UserView
from forward_factor.storage.store import Store

PASSWORD = "correct horse battery"
NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
CLOCK = FixedClock(NOW)
PASSWORDS = PwdlibPasswordHasher(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1), BcryptHasher(4))


async def register(store: Store, email: str, password: str = PASSWORD, role: Role = Role.USER) -> NewUser:
    """Register somebody with the settings of a new account."""
    return await register_user(store, PASSWORDS, CLOCK, AccountSettings(), email, password, role)


async def enter(store: Store, email: str, password: str = PASSWORD) -> UserView:
    """Log somebody in."""
    return await log_in(store, PASSWORDS, email, password)
