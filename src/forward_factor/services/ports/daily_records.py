"""What is kept by New York day; every call is a short read, and days are given as first and last, both included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from forward_factor.services.daily_views import (
    CandidateTotals,
    CurveDay,
    PairDay,
    PairKey,
    PointTotals,
    SnapshotTotals,
)

TickerProvider = tuple[str, str]


class DailyRecords(Protocol):
    """Answers what days came to, long after the rows they are made of may be gone."""

    async def pair_days(self, keys: Sequence[PairKey], first: date, last: date) -> Sequence[PairDay]:
        """Return the days of all ``keys``, a provider each, in no order."""

    async def curve_days(self, tickers: Sequence[str], first: date, last: date) -> Sequence[CurveDay]:
        """Return the days of ``tickers`` that have a vol on either side of 30 days, a provider each, in no order."""

    async def snapshot_totals(self, tickers: Sequence[str], first: date, last: date) -> Sequence[SnapshotTotals]:
        """Return the counts of snapshots, by ticker and provider and in that order; no tickers means all."""

    async def candidate_totals(
        self, tickers: Sequence[str], first: date, last: date
    ) -> Mapping[TickerProvider, CandidateTotals]:
        """Return the counts of candidates; no tickers means all."""

    async def point_totals(
        self, tickers: Sequence[str], first: date, last: date
    ) -> Mapping[TickerProvider, PointTotals]:
        """Return the counts of vol points; no tickers means all."""
