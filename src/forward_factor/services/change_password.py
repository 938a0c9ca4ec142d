"""A new password, by somebody who knows the old one."""

from __future__ import annotations

from forward_factor.core.accounts import parse_new_password
from forward_factor.errors import NotAllowed
from forward_factor.services.confirm_password import WRONG, confirm_password
from forward_factor.services.issue_session import IssuedSession, IssueSession
from forward_factor.services.ports import PasswordHasher, Transactions


async def change_password(
    store: Transactions, passwords: PasswordHasher, issue: IssueSession, user_id: str, password: str, new: str
) -> IssuedSession:
    """Store a new password, end all sessions of the account, and begin the one that goes on.

    Raises:
        InvalidInput: the new password is too short.
        NotAllowed: ``password`` is not the account's.

    """
    secret = parse_new_password(new)
    checked = await confirm_password(store, passwords, user_id, password)
    hashed = await passwords.hash(secret)
    async with store.unit_of_work() as work:
        if not await work.users.replace_password_hash(user_id, hashed, instead_of=checked.password_hash):
            raise NotAllowed(WRONG)
        await work.sessions.revoke_all(user_id, issue.clock.now())
        session = await issue.within(work, checked.user)
        await work.commit()
        return session
