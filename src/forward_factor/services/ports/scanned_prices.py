"""What watched tickers cost when they were scanned last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class ScannedPrices(Protocol):
    """Answers what watched tickers cost when they were scanned last."""

    async def of_watched(self) -> Mapping[str, float]:
        """Return the price at its last scan, in dollars, of every ticker that active users watch and that had one."""
