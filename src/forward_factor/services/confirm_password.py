"""The password once more, before what cannot be taken back."""

from __future__ import annotations

from forward_factor.errors import NotAllowed
from forward_factor.services.ports import Credentials, PasswordHasher, Transactions

WRONG = "the password is wrong"


async def confirm_password(store: Transactions, passwords: PasswordHasher, user_id: str, password: str) -> Credentials:
    """Return the account if ``password`` is its own; an account without a password confirms nothing.

    Raises:
        NotAllowed: it is not.

    """
    async with store.reading() as work:
        found = await work.users.with_id(user_id)
    verdict = await passwords.check(password, found.password_hash if found else None)
    if found is None or not verdict.is_right:
        raise NotAllowed(WRONG)
    return found
