"""The slots of scanned tickers: done in the very transaction that stores the scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forward_factor.core.scan import ScanBatch
from forward_factor.services.ports import Clock, UnitOfWork


@dataclass(frozen=True, slots=True)
class SettleScans:
    """Follows a scan that began at ``begun_at``; first of all followers, for it locks the tickers."""

    clock: Clock
    begun_at: datetime

    async def follow(self, work: UnitOfWork, batch: ScanBatch) -> None:
        """Mark what was due when the scan began as done, and note the scan at its tickers."""
        spots = {chain.ticker: chain.spot for chain in batch.chains}
        await work.slots.settle(spots, self.begun_at, self.clock.now())
