"""A new pair of tokens: one to show with every request, and one to get the next pair with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe
from uuid import uuid4

from forward_factor.core.sessions import SessionTerms, digest_of
from forward_factor.services.ports import Clock, UnitOfWork
from forward_factor.services.ports.sessions import AccessClaims, AccessTokens, NewRefreshToken
from forward_factor.services.views import UserView

_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """What a client keeps; the store has only a digest of the refresh token, and nothing of the other."""

    user: UserView
    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssueSession:
    """Makes pairs of tokens by one set of terms."""

    tokens: AccessTokens
    clock: Clock
    terms: SessionTerms

    async def within(self, work: UnitOfWork, user: UserView, family: str | None = None) -> IssuedSession:
        """Store a new refresh token, of a new session or of session ``family``, and return the pair.

        The commit is the caller's. The caller has locked the account, so that no end of all its sessions, by a new
        password say, passes this one by.
        """
        now = self.clock.now()
        refresh_token = token_urlsafe(_RANDOM_BYTES)
        stored = NewRefreshToken(
            id=str(uuid4()),
            user_id=user.id,
            family=family or str(uuid4()),
            digest=digest_of(refresh_token),
            issued_at=now,
            expires_at=now + self.terms.refresh,
        )
        await work.sessions.forget_expired(user.id, now)
        await work.sessions.add(stored)
        claims = AccessClaims(user.id, user.role, stored.id, now, now + self.terms.access)
        access_token = self.tokens.sign(claims)
        return IssuedSession(user, access_token, claims.expires_at, refresh_token, stored.expires_at)
