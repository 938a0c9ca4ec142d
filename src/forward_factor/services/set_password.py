"""A new password in place of the old one."""

from __future__ import annotations

from forward_factor.core.accounts import parse_new_password
from forward_factor.errors import NotFound
from forward_factor.services.ports import Clock, PasswordHasher, Transactions


async def set_password(
    store: Transactions, passwords: PasswordHasher, clock: Clock, user_id: str, password: str
) -> None:
    """Store the hash of a new password, and end all sessions of the account.

    Raises:
        InvalidInput: the password is too short.
        NotFound: there is no such account.

    """
    hashed = await passwords.hash(parse_new_password(password))
    async with store.unit_of_work() as work:
        if not await work.users.replace_password_hash(user_id, hashed):
            raise NotFound("there is no such account any more")
        await work.sessions.revoke_all(user_id, clock.now())
        await work.commit()
