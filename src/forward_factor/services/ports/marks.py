"""What trades were quoted at when their tickers were scanned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from forward_factor.core.ticket import Quote


@dataclass(frozen=True, slots=True)
class TradedContract:
    """One contract; ``strike`` in dollars."""

    expiry: date
    strike: float
    is_call: bool


@dataclass(frozen=True, slots=True)
class MarkQuestion:
    """Contracts of a ticker, and the span, its ends left out, of which the last scan by a provider is wanted."""

    ticker: str
    provider: str
    after: datetime
    before: datetime
    contracts: tuple[TradedContract, ...]


@dataclass(frozen=True, slots=True)
class RecordedQuotes:
    """What contracts were quoted at in one scan, in their order; None for one that was not recorded."""

    at: datetime
    quotes: tuple[Quote | None, ...]


class Marks(Protocol):
    """Reads what was quoted; every call is a few statements, however many questions it has."""

    async def last_quotes(self, questions: Sequence[MarkQuestion]) -> Sequence[RecordedQuotes | None]:
        """Return for each question the quotes of the last scan of its span, None where there is none."""
