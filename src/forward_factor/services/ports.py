"""The roles this application needs filled; adapters in the rooms above fill them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import Role
from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.rules import ScanRules
from forward_factor.core.scan import ScanBatch
from forward_factor.errors import ForwardFactorError
from forward_factor.services.views import CandidateView, ExpiryView, SignalView, UserView, WatchedTicker


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current instant, aware and in UTC."""


@dataclass(frozen=True, slots=True)
class ChainFailure:
    """A chain that could not be had: what was asked for, and why not.

    Attributes:
        source: the ticker, or the file with its snapshot, as a person would name it.

    """

    source: str
    error: ForwardFactorError


class ChainProvider(Protocol):
    """Gives option chains, one underlying and instant at a time."""

    @property
    def name(self) -> str:
        """Return the provider's name as it is stored beside each snapshot."""

    def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        """Yield the chain of every ticker, or why there is none; no tickers means all the provider knows.

        A failure of one ticker never ends the others. Chains come in the order the provider has them.
        """


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch added to the store; all 0 when everything was there already."""

    snapshots: int = 0
    quotes: int = 0
    signals: int = 0

    def __add__(self, other: Recorded) -> Recorded:
        return Recorded(
            self.snapshots + other.snapshots,
            self.quotes + other.quotes,
            self.signals + other.signals,
        )


@dataclass(frozen=True, slots=True)
class PreviousReading:
    """The last snapshot before another one of the same ticker and provider."""

    as_of: datetime
    digest: str


class ScanRepository(Protocol):
    """Keeps what scans find."""

    async def add(self, batch: ScanBatch, keeps_full: Sequence[bool]) -> Recorded:
        """Store what is not there yet of snapshots, quotes, term structures, candidates and signals.

        ``keeps_full`` says, per chain, whether all its contracts are kept or only those a pair can use.
        """

    async def previous_readings(self, chains: Sequence[Chain]) -> Sequence[PreviousReading | None]:
        """Return, per chain, the stored snapshot before it."""


class EarningsRepository(Protocol):
    """Keeps announcements."""

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[EarningsEvent, ...]]:
        """Return all known announcements of ``tickers``."""

    async def add(self, events: Sequence[EarningsEvent]) -> int:
        """Store announcements, a newer word on the same date in place of the older; return how many."""


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

    async def replace_password_hash(self, user_id: str, new: str, instead_of: str | None = None) -> bool:
        """Store a hash, if given only in place of ``instead_of``; return whether it is stored."""

    async def set_status(self, user_id: str, status: str) -> bool:
        """Store a status; False if there is no such account."""

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

    async def recount(self, user_id: str) -> None:
        """Count anew who watches the tickers of a user whose status has changed."""


class UnitOfWork(Protocol):
    """One transaction: what is not committed on leaving is rolled back."""

    scans: ScanRepository
    earnings: EarningsRepository
    users: UserRepository
    watchlists: WatchlistRepository

    async def __aenter__(self) -> Self:
        """Begin."""

    async def __aexit__(self, *exception: object) -> None:
        """Roll back what was not committed."""

    async def commit(self) -> None:
        """Make all of it last."""


class Aggregates(Protocol):
    """Summaries that the store keeps beside the signals."""

    async def refresh(self, first: datetime, last: datetime) -> None:
        """Bring the summaries up to date over a span that their own schedule does not reach."""


class Transactions(Protocol):
    """Gives units of work."""

    def unit_of_work(self) -> UnitOfWork:
        """Return a new transaction."""

    def reading(self) -> UnitOfWork:
        """Return a new transaction that only reads, and so waits for no writer."""


class ScanStore(Transactions, Protocol):
    """Where scans go."""

    @property
    def aggregates(self) -> Aggregates:
        """Return the summaries kept beside the signals."""


@dataclass(frozen=True, slots=True)
class StoredScan:
    """A stored candidate with all it was made from."""

    chain: Chain
    surroundings: Surroundings
    rules: ScanRules
    candidate: CandidateView


class Findings(Protocol):
    """Answers what was found, and why."""

    async def signals(
        self, ticker: str | None = None, since: datetime | None = None, limit: int = 100
    ) -> Sequence[SignalView]:
        """Return the newest signals first."""

    async def signals_called(self, beginning: str) -> Sequence[SignalView]:
        """Return the signals whose id begins so, two at the most."""

    async def last_scan(self, ticker: str, at: datetime | None = None) -> tuple[datetime, str] | None:
        """Return instant and provider of the ticker's last stored scan, of those at or before ``at``."""

    async def candidates(self, ticker: str, as_of: datetime, provider: str) -> Sequence[CandidateView]:
        """Return the candidates of one snapshot."""

    async def term_structure(self, ticker: str, as_of: datetime, provider: str) -> Sequence[ExpiryView]:
        """Return the expiries of one snapshot, by date."""

    async def stored_scan(self, signal: SignalView) -> StoredScan | None:
        """Return what ``signal`` was made from, None where that was not kept."""
