"""What was recorded over time: signals, candidates, series of them, and bars; every call is a short read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forward_factor.core.reasons import Reason
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.record_views import BarView, Percentiles, SeriesPoint, Timeframe
from forward_factor.services.views import CandidateView, SignalView


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFilter:
    """Which signals; None asks for nothing. Spans include ``since`` and leave out ``until``.

    Attributes:
        ticker_start: how the ticker begins.
        alerted_user: only those this user was told about.
        watched_by: only those of tickers on this user's watchlist.
        decided_by, undecided_by: only those on which this user has, or has not, decided.
        is_current: only those that no later scan of their ticker, pair and vol point has replaced.

    """

    ticker: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_ff: float | None = None
    pair: str | None = None
    vol_point: str | None = None
    is_discovery: bool | None = None
    alerted_user: str | None = None
    ticker_start: str | None = None
    watched_by: str | None = None
    decided_by: str | None = None
    undecided_by: str | None = None
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFilter:
    """Which candidates of one ticker."""

    ticker: str
    since: datetime | None = None
    until: datetime | None = None
    min_ff: float | None = None
    pair: str | None = None
    vol_point: str | None = None
    is_signal: bool | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFilter:
    """One pair and vol point of one ticker over a span, ``until`` left out."""

    ticker: str
    pair: str
    vol_point: str
    since: datetime
    until: datetime


class Records(Protocol):
    """Answers what was recorded."""

    async def signals(self, wanted: SignalFilter, after: PagePlace | None, limit: int) -> Sequence[SignalView]:
        """Return signals after a place, the newest first."""

    async def signal(self, signal_id: str) -> SignalView | None:
        """Return the signal with exactly that id, the latest one if there were several."""

    async def candidates(self, wanted: CandidateFilter, after: PagePlace | None, limit: int) -> Sequence[CandidateView]:
        """Return candidates after a place, the newest first; the id of a candidate's place is its ``row_id``."""

    async def series(self, wanted: SeriesFilter, limit: int) -> Sequence[SeriesPoint]:
        """Return the newest readings of a span, the oldest first."""

    async def percentiles(self, wanted: SeriesFilter) -> Percentiles:
        """Return where the newest reading of a span stands among all of them."""

    async def bars(
        self, ticker: str, timeframe: Timeframe, since: datetime | None, until: datetime | None, limit: int
    ) -> Sequence[BarView]:
        """Return the newest bars of a span, the oldest first: stored ones, else those made from minutes."""
