"""The log-in that begins a session."""

from __future__ import annotations

from forward_factor.errors import LogInRefused
from forward_factor.services.check_password import REFUSAL, check_password
from forward_factor.services.issue_session import IssuedSession, IssueSession
from forward_factor.services.ports import PasswordHasher, Transactions


async def sign_in(
    store: Transactions, passwords: PasswordHasher, issue: IssueSession, email: str, password: str
) -> IssuedSession:
    """Begin a session of the account of ``email`` if ``password`` is its own.

    The password is checked before the transaction begins. An account that got another one meanwhile, or was disabled,
    is refused.

    Raises:
        LogInRefused: no such account, a wrong password, or a disabled account, in the same words and the same time.

    """
    checked = await check_password(store, passwords, email, password)
    async with store.unit_of_work() as work:
        now = await work.users.lock(checked.user.id)
        if now is None or not now.user.is_active or now.password_hash != checked.password_hash:
            raise LogInRefused(REFUSAL)
        session = await issue.within(work, now.user)
        await work.commit()
        return session
