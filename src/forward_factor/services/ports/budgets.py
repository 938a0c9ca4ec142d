"""What all processes together may ask of a provider."""

from __future__ import annotations

from typing import Protocol


class RequestBudget(Protocol):
    """The requests of one provider, shared by all processes."""

    async def reserve(self, requests: int) -> float:
        """Reserve a block of requests, and return the seconds to wait before the first of them.

        Raises:
            StoreUnavailable: the budget cannot be asked.

        """

    async def hold(self, pause_s: float) -> None:
        """Let no new block begin for ``pause_s`` seconds; for a vendor that says it is too much."""


class RequestBudgets(Protocol):
    """Gives budgets by provider."""

    def of(self, provider: str, per_minute: float) -> RequestBudget:
        """Return the budget of a provider that takes ``per_minute`` requests, evenly spaced."""
