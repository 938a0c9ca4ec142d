"""What was found, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.rules import ScanRules
from forward_factor.services.views import CandidateView, ExpiryView, SignalView


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
