"""Who does what only one process may do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class LeaseRepository(Protocol):
    """Keeps who holds what; a holder that does not say so again in time holds nothing any more."""

    async def take(self, name: str, holder: str, now: datetime, lasts: timedelta) -> bool:
        """Take a lease, or say again that it is held; False while it is another's."""

    async def give_back(self, name: str, holder: str) -> None:
        """Let the next one have it at once."""
