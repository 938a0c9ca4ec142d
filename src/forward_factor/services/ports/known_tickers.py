"""Tickers the store knows, and what their last scans found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from forward_factor.services.views import CandidateView


class KnownTickers(Protocol):
    """Answers short questions about tickers."""

    async def beginning(self, prefix: str, limit: int) -> Sequence[str]:
        """Return tickers somebody watches, or of the universe, whose name begins so, by name."""

    async def last_candidates(self, tickers: Sequence[str]) -> Sequence[CandidateView]:
        """Return the candidates of the last scan of each of ``tickers``."""

    async def last_failures(self, tickers: Sequence[str]) -> Mapping[str, str]:
        """Return why the last scheduled scan failed, of those of ``tickers`` whose last one did."""
