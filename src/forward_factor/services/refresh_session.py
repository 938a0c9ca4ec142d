"""The next pair of tokens for a refresh token that was not used yet."""

from __future__ import annotations

from forward_factor.core.sessions import RefreshVerdict, digest_of, judge_refresh
from forward_factor.errors import NotAuthenticated
from forward_factor.services.issue_session import IssuedSession, IssueSession
from forward_factor.services.ports import Transactions
from forward_factor.services.ports.sessions import StoredRefreshToken


async def refresh_session(store: Transactions, issue: IssueSession, refresh_token: str) -> IssuedSession:
    """Use up a refresh token and go on with its session.

    A token that was used before ends its session: it was stolen, or the one that took its place was, and nobody can say
    which. Of several who show the same unused token at once, one goes on and the others are refused.

    Raises:
        NotAuthenticated: unknown, used, expired or revoked, or of an account that is disabled.

    """
    async with store.reading() as work:
        found = await work.sessions.called(digest_of(refresh_token))
    if found is None or not found.user.is_active:
        raise _refusal()
    verdict = judge_refresh(found.life, issue.clock.now())
    if verdict is RefreshVerdict.USED_BEFORE:
        await _end(store, issue, found)
    if verdict is not RefreshVerdict.GOOD:
        raise _refusal()
    return await _go_on(store, issue, found)


async def _go_on(store: Transactions, issue: IssueSession, used: StoredRefreshToken) -> IssuedSession:
    async with store.unit_of_work() as work:
        now = await work.users.lock(used.user.id)
        wins = await work.sessions.replace(used.id, issue.clock.now())
        if now is None or not now.user.is_active or not wins:
            raise _refusal()
        session = await issue.within(work, now.user, used.family)
        await work.commit()
        return session


async def _end(store: Transactions, issue: IssueSession, stolen: StoredRefreshToken) -> None:
    async with store.unit_of_work() as work:
        await work.users.lock(stolen.user.id)
        await work.sessions.revoke_family(stolen.family, issue.clock.now())
        await work.commit()


def _refusal() -> NotAuthenticated:
    return NotAuthenticated("the session has ended: log in again")
