"""Where earnings, dividends and splits come from, and what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.earnings import EarningsEvent

WATCHED = "*"
"""Stands for the ticker of a fetch that asked for all that are watched together."""


class EventKind(StrEnum):
    """What a provider may know of."""

    EARNINGS = "earnings"
    DIVIDENDS = "dividends"
    SPLITS = "splits"


@dataclass(frozen=True, slots=True)
class ProvidedEvents:
    """What a provider said; ``unreadable`` counts entries that are left out."""

    earnings: tuple[EarningsEvent, ...] = ()
    actions: tuple[CorporateAction, ...] = ()
    unreadable: int = 0

    def __len__(self) -> int:
        return len(self.earnings) + len(self.actions)


class EventsProvider(Protocol):
    """Gives events of named tickers; what is not among ``abilities`` raises NotOffered."""

    @property
    def name(self) -> str:
        """Return the provider's name, which is the source of its events."""

    @property
    def abilities(self) -> frozenset[EventKind]:
        """Return the kinds it may have; whether the plan has them too, only asking shows."""

    async def of_ticker(self, kind: EventKind, ticker: str, start: date, end: date) -> ProvidedEvents:
        """Return one kind of a ticker's events on ``start`` to ``end``, both included.

        Raises:
            NotOffered, ProviderUnavailable, ProviderRefused, UnreadableChain, InvalidTicker: see there.

        """

    async def of_market(self, kind: EventKind, tickers: Sequence[str], start: date, end: date) -> ProvidedEvents:
        """Return the same of many tickers, at a cost that does not grow with their number.

        Raises:
            NotOffered, ProviderUnavailable, ProviderRefused, UnreadableChain: see there.

        """


@dataclass(frozen=True, slots=True)
class EventFetch:
    """The last time a provider was asked for one kind of a ticker's events.

    Attributes:
        ticker: or ``WATCHED``.
        events: how many it gave.
        failure: why there was no answer, None where there was one.

    """

    provider: str
    kind: EventKind
    ticker: str
    start: date
    end: date
    fetched_at: datetime
    events: int = 0
    failure: str | None = None


class EventFetchRepository(Protocol):
    """Keeps what was fetched, and which tickers there is reason to fetch."""

    async def latest(self, provider: str, tickers: Sequence[str]) -> Mapping[tuple[EventKind, str], EventFetch]:
        """Return the last fetch of each kind and ticker that was ever asked for."""

    async def put(self, fetches: Sequence[EventFetch]) -> None:
        """Store fetches in place of earlier ones of the same provider, kind and ticker."""

    async def wanted_tickers(self) -> Sequence[str]:
        """Return the tickers that active users watch or hold and those of the universe, in order."""
