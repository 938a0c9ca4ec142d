"""How often each ticker is scanned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class TierRepository(Protocol):
    """Keeps the tiers of watched tickers, and the number of active users who watch each."""

    async def recompute(self, tickers: Sequence[str] | None = None, at: datetime | None = None) -> int:
        """Count the active watchers of ``tickers`` anew, set their tiers for the session at or after ``at``.

        All tickers without ``tickers``; the store's own time without ``at``. Return how many tickers changed. Whoever
        names tickers has locked them, in order.
        """
