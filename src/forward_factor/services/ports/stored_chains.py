"""Chains and term structures that were recorded, one ticker at a time; every call is a short read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forward_factor.core.chain import Chain
from forward_factor.services.chain_views import RecordedTicker, SnapshotView, StructureView


class StoredChains(Protocol):
    """Answers what was recorded of a ticker."""

    async def recorded(self, limit: int) -> Sequence[RecordedTicker]:
        """Return tickers with chains of the last recorded week, the latest first."""

    async def snapshots(
        self, ticker: str, until: datetime | None, limit: int, provider: str | None = None
    ) -> Sequence[SnapshotView]:
        """Return headers at or before an instant, of one provider if it is named, the newest first."""

    async def chain(self, ticker: str, snapshot: SnapshotView) -> Chain:
        """Return a stored chain with the quotes that are still kept."""

    async def structures(self, ticker: str, since: datetime, until: datetime, limit: int) -> Sequence[StructureView]:
        """Return at most ``limit`` term structures spread evenly over the scans of a span, the oldest first."""
