"""Who may be told about a ticker, what was found in it before, and when they were told last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import numpy as np

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.alerting import History
from forward_factor.core.arrays import BoolArray, FloatArray, IntArray
from forward_factor.core.chain import Chain
from forward_factor.core.rules import PairRule


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """Active users who want alerts, as columns.

    Attributes:
        users: their ids.
        settings: every distinct set of theirs.
        watching_user, watching_ticker, watching_settings: one entry a ticker somebody watches: indices into the users,
            the tickers that were asked about, and the settings.
        seeking_user, seeking_settings: the same of those who asked for discoveries.
        is_discovered: which of the tickers discovery scans.

    """

    users: Sequence[str]
    settings: Sequence[AccountSettings]
    watching_user: IntArray
    watching_ticker: IntArray
    watching_settings: IntArray
    seeking_user: IntArray
    seeking_settings: IntArray
    is_discovered: BoolArray


@dataclass(frozen=True, slots=True)
class Wish:
    """Settings of somebody, or of several, who wants a ticker scanned; ``ticker`` is None for all of discovery."""

    ticker: str | None
    settings: AccountSettings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What scans are wanted for: watched tickers, and those that discovery scans."""

    wishes: Sequence[Wish]
    discovered: Sequence[str]


class AudienceRepository(Protocol):
    """Tells who is to be told."""

    async def of_tickers(self, tickers: Sequence[str], defaults: AccountSettings) -> Audience:
        """Return who watches ``tickers``, and, if discovery scans any of them, who seeks; nobody who is paused."""

    async def wishes(self, tickers: Sequence[str], defaults: AccountSettings) -> Wishes:
        """Return what pairs and vol points are wanted of ``tickers``, each distinct wish once."""


@dataclass(frozen=True, slots=True)
class ExpiryPair:
    """What a cooldown is counted for."""

    ticker: str
    front: date
    back: date


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Last alerts, an entry each.

    Attributes:
        user: ids.
        pair: which of the expiry pairs that were asked about.
        at: instants, datetime64 in UTC.

    """

    user: Sequence[str]
    pair: IntArray
    at: np.ndarray
    ff: FloatArray


@dataclass(frozen=True, slots=True)
class NewMark:
    """An alert just made."""

    user_id: str
    pair: ExpiryPair
    alerted_at: datetime
    ff: float


class AlertRepository(Protocol):
    """Keeps what alerts depend on besides the scan itself."""

    async def lock_tickers(self, tickers: Sequence[str]) -> None:
        """Let no other transaction evaluate ``tickers`` until this one ends."""

    async def history(self, chains: Sequence[Chain], scans: int, pairs: Sequence[PairRule]) -> History:
        """Return the stored candidates of the last ``scans`` scans of each chain's ticker, its own included.

        Nothing of a chain whose ticker has a newer scan of the same provider.
        """

    async def last_alerts(self, pairs: Sequence[ExpiryPair]) -> Marks:
        """Return the last alerts of all users on ``pairs``."""

    async def mark(self, marks: Sequence[NewMark]) -> None:
        """Store alerts in place of the last ones; not those of users who are gone."""
