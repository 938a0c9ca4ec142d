"""Whose session a browser's cookie is of."""

from __future__ import annotations

from forward_factor.core.sessions import RefreshVerdict, digest_of, judge_refresh
from forward_factor.errors import NotAuthenticated
from forward_factor.services.authenticate import Caller
from forward_factor.services.ports import Clock, Transactions


async def recognise_session(store: Transactions, clock: Clock, token: str) -> Caller:
    """Return the account of a session's token as it is now; the token is not used up.

    A token is good until it expires, its session or all sessions of the account end, or the account is disabled.

    Raises:
        NotAuthenticated: it is not.

    """
    async with store.reading() as work:
        found = await work.sessions.called(digest_of(token))
    if found is None or not found.user.is_active or judge_refresh(found.life, clock.now()) is not RefreshVerdict.GOOD:
        raise NotAuthenticated("the session has ended: log in again")
    return Caller(found.user, found.family)
