"""Sessions: a chain of refresh tokens of which only the last is good, and the short-lived access tokens beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """How long tokens last; a session that is refreshed begins its time anew."""

    access: timedelta = timedelta(minutes=15)
    refresh: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TokenLife:
    """When a refresh token was made, and what came of it.

    Attributes:
        valid_after: tokens of its account that were made before this instant are of no use.

    """

    issued_at: datetime
    expires_at: datetime
    replaced_at: datetime | None = None
    revoked_at: datetime | None = None
    valid_after: datetime | None = None

    @property
    def is_revoked(self) -> bool:
        """Return whether somebody ended the session, or all sessions of the account."""
        return self.revoked_at is not None or not counts_after(self.issued_at, self.valid_after)


class RefreshVerdict(Enum):
    """What a refresh token that is shown is worth."""

    GOOD = auto()
    USED_BEFORE = auto()
    ENDED = auto()


def judge_refresh(life: TokenLife, now: datetime) -> RefreshVerdict:
    """Say what a refresh token is worth; one that was used before tells of a theft, however old it is."""
    if life.is_revoked:
        return RefreshVerdict.ENDED
    if life.replaced_at is not None:
        return RefreshVerdict.USED_BEFORE
    return RefreshVerdict.GOOD if now < life.expires_at else RefreshVerdict.ENDED


def counts_after(issued_at: datetime, valid_after: datetime | None) -> bool:
    """Return whether a token made at ``issued_at`` outlived what ended the sessions before ``valid_after``."""
    return valid_after is None or issued_at >= valid_after


def digest_of(token: str) -> str:
    """Return what is stored of a token: it is random and long, so an unsalted digest gives nothing away."""
    return sha256(token.encode(errors="surrogatepass")).hexdigest()
