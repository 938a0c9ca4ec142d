"""Whose access token it is."""

from __future__ import annotations

from dataclasses import dataclass

from forward_factor.errors import NotAuthenticated
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.sessions import AccessTokens
from forward_factor.services.views import UserView


@dataclass(frozen=True, slots=True)
class Caller:
    """An account, and the session by which it is here."""

    user: UserView
    session: str


async def authenticate(store: Transactions, tokens: AccessTokens, clock: Clock, access_token: str) -> Caller:
    """Return the account of an access token as it is now: its role is the account's own, not the token's word.

    A token is good until it expires, its session or all sessions of the account end, or the account is disabled.

    Raises:
        NotAuthenticated: it is not.

    """
    claims = tokens.read(access_token)
    if clock.now() >= claims.expires_at:
        raise NotAuthenticated("the access token has expired: refresh the session")
    async with store.reading() as work:
        found = await work.sessions.with_id(claims.token_id)
    if found is None or found.user.id != claims.user_id or found.life.is_revoked or not found.user.is_active:
        raise NotAuthenticated("the session has ended: log in again")
    return Caller(found.user, found.family)
