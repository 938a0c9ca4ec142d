"""The end of an account at its owner's wish."""

from __future__ import annotations

from forward_factor.services.confirm_password import confirm_password
from forward_factor.services.delete_user import delete_user
from forward_factor.services.ports import PasswordHasher, Transactions


async def delete_account(store: Transactions, passwords: PasswordHasher, user_id: str, password: str) -> None:
    """Delete an account, with all that is of it, if ``password`` is its own.

    Raises:
        NotAllowed: the password is wrong.
        NotFound: there is no such account any more.

    """
    await confirm_password(store, passwords, user_id, password)
    await delete_user(store, user_id)
