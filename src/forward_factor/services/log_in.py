"""The log-in: an address and a password in, the account out, or a refusal that tells nothing."""

from __future__ import annotations

from forward_factor.services.check_password import check_password
from forward_factor.services.ports import PasswordHasher, Transactions
from forward_factor.services.views import UserView


async def log_in(store: Transactions, passwords: PasswordHasher, email: str, password: str) -> UserView:
    """Return the account of ``email`` if ``password`` is its own.

    Raises:
        LogInRefused: no such account, a wrong password, or a disabled account, in the same words and the same time.

    """
    return (await check_password(store, passwords, email, password)).user
