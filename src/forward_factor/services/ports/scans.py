"""Where scans and announcements are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.earnings_words import EarningsHistory, EarningsWord
from forward_factor.core.scan import ScanBatch


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

    async def add_signals(self, batch: ScanBatch, candidates: Sequence[int]) -> Sequence[str]:
        """Make signals of ``candidates``, places in ``batch``, where they are none yet; return the id of each.

        Those that passed every gate are signals already; others keep their reasons as signals.
        """

    async def previous_readings(self, chains: Sequence[Chain]) -> Sequence[PreviousReading | None]:
        """Return, per chain, the stored snapshot before it."""


class EarningsRepository(Protocol):
    """Keeps announcements."""

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[EarningsEvent, ...]]:
        """Return all known announcements of ``tickers``."""

    async def add(self, events: Sequence[EarningsEvent]) -> int:
        """Store announcements, a newer word on the same date in place of the older; return how many."""

    async def remove(self, events: Sequence[EarningsEvent]) -> None:
        """Forget announcements, by ticker and date."""

    async def note(self, words: Sequence[EarningsWord]) -> None:
        """Keep words as they were said, beside what they come to; the same one twice is one."""

    async def histories(self, tickers: Sequence[str]) -> Mapping[str, EarningsHistory]:
        """Return all that was ever said of ``tickers``, of those of which anything was."""


class Aggregates(Protocol):
    """Summaries that the store keeps beside its time series."""

    async def refresh(self, first: datetime, last: datetime) -> None:
        """Bring the summaries up to date over a span that their own schedule does not reach."""

    async def refresh_bars(self, first: datetime, last: datetime) -> None:
        """Bring the hours and days made from minute bars up to date over a span."""
