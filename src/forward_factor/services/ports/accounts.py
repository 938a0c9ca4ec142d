"""Accounts, their passwords and what they watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import Role
from forward_factor.services.views import UserView, WatchedTicker


@dataclass(frozen=True, slots=True)
class PasswordVerdict:
    """What came of checking a password.

    Attributes:
        renewed: a better hash of the right password, None where the stored one is as good.

    """

    is_right: bool
    renewed: str | None = field(default=None, repr=False)


class PasswordHasher(Protocol):
    """Turns passwords into what may be stored; slow by design, so it works beside the event loop."""

    async def hash(self, password: str) -> str:
        """Return a new hash, salted."""

    async def check(self, password: str, stored: str | None) -> PasswordVerdict:
        """Say whether ``stored`` is a hash of ``password``.

        None, and whatever is no hash, is of no password; finding that out takes as long as a wrong one.
        """


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account that is not stored yet."""

    id: str
    email: str
    password_hash: str = field(repr=False)
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with the hash of its password; None for one that only Telegram knows."""

    user: UserView
    password_hash: str | None = field(repr=False)


class UserRepository(Protocol):
    """Keeps accounts."""

    async def add(self, user: NewUser, settings: AccountSettings) -> bool:
        """Store an account with its settings; False if its address, in any case, is another's."""

    async def called(self, email: str) -> Credentials | None:
        """Return the account of exactly that address, else the only one whose address differs in case alone."""

    async def with_id(self, user_id: str) -> Credentials | None:
        """Return an account by its id."""

    async def lock(self, user_id: str, *, to_delete: bool = False) -> Credentials | None:
        """Return an account that nobody else changes until this transaction ends; to delete it, nor refers to it."""

    async def replace_password_hash(self, user_id: str, new: str, instead_of: str | None = None) -> bool:
        """Store a hash, if given only in place of ``instead_of``; return whether it is stored."""

    async def set_status(self, user_id: str, status: str) -> bool:
        """Store a status; False if there is no such account."""

    async def delete(self, user_id: str) -> bool:
        """Delete an account with all that is of it; False if there is no such account."""

    async def all(self) -> Sequence[UserView]:
        """Return all accounts, the oldest first."""


class WatchlistRepository(Protocol):
    """Keeps who watches what, and how many active users watch each ticker."""

    async def add(self, user_id: str, tickers: Sequence[str], added_at: datetime) -> Sequence[str]:
        """Put tickers on a user's watchlist; return those that were not on it.

        Raises:
            NotFound: there is no such account.

        """

    async def remove(self, user_id: str, tickers: Sequence[str]) -> Sequence[str]:
        """Take tickers, in whatever case they were stored, off a user's watchlist; return those that were on it.

        Raises:
            NotFound: there is no such account.

        """

    async def of_user(self, user_id: str) -> Sequence[WatchedTicker]:
        """Return a user's watchlist, by ticker."""

    async def watched_by_any(self) -> Sequence[str]:
        """Return the tickers that active users watch, in order."""

    async def recount(self, user_id: str) -> None:
        """Count anew who watches the tickers of a user, and how urgently.

        Call it where a user's status, priority, pause, time zone or quiet hours changed, in the same transaction.
        """

    async def recount_tickers(self, tickers: Sequence[str]) -> None:
        """Count anew who watches ``tickers``, and how urgently."""
