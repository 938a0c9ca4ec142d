"""Sessions, the tokens that prove them, and the secrets behind those."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from forward_factor.core.accounts import Role
from forward_factor.core.sessions import TokenLife
from forward_factor.services.views import UserView


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says.

    Attributes:
        token_id: the refresh token it was made with, and so the session it belongs to.

    """

    user_id: str
    role: Role
    token_id: str
    issued_at: datetime
    expires_at: datetime


class AccessTokens(Protocol):
    """Signs access tokens and reads them."""

    def sign(self, claims: AccessClaims) -> str:
        """Return a token that says ``claims``."""

    def read(self, token: str) -> AccessClaims:
        """Return what a token says; whether it is still good is the caller's to judge.

        Raises:
            NotAuthenticated: it is no token of ours.

        """


@dataclass(frozen=True, slots=True)
class NewRefreshToken:
    """A refresh token that is not stored yet; ``family`` names its session."""

    id: str
    user_id: str
    family: str
    digest: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredRefreshToken:
    """A refresh token with the account it is of."""

    id: str
    family: str
    life: TokenLife
    user: UserView


class SessionRepository(Protocol):
    """Keeps sessions."""

    async def add(self, token: NewRefreshToken) -> None:
        """Store a token."""

    async def called(self, digest: str) -> StoredRefreshToken | None:
        """Return the token with that digest."""

    async def with_id(self, token_id: str) -> StoredRefreshToken | None:
        """Return the token with that id."""

    async def replace(self, token_id: str, at: datetime) -> bool:
        """Mark a token as used; False if it was used or revoked meanwhile: of many who try, one succeeds."""

    async def revoke_family(self, family: str, at: datetime) -> None:
        """End one session."""

    async def revoke_all(self, user_id: str, at: datetime) -> None:
        """End all sessions of an account, and refuse whatever tokens were made before ``at``."""

    async def forget_expired(self, user_id: str, before: datetime) -> None:
        """Delete the tokens of an account that were good until some time before ``before``."""


class SecretRepository(Protocol):
    """Keeps secrets that this installation made for itself."""

    async def called(self, name: str) -> str | None:
        """Return a secret."""

    async def keep(self, name: str, value: str, at: datetime) -> str:
        """Store a secret unless there is one; return the one that is stored."""
