"""What is due to be scanned, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from forward_factor.core.slots import Cause, SlotReason, SlotState
from forward_factor.core.tiers import Tier


@dataclass(frozen=True, slots=True)
class ScheduledTicker:
    """A ticker that is scanned by the clock: somebody watches it, or it is of the liquid universe."""

    ticker: str
    tier: Tier
    cause: Cause


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A time at which a ticker is due."""

    ticker: str
    due_at: datetime
    cause: Cause
    tier: Tier


@dataclass(frozen=True, slots=True)
class OpenTicker:
    """A ticker with open slots, all of which one scan serves.

    Attributes:
        due_at: of its newest open slot; ``tier`` is that slot's.
        starts: how often the most often begun of its open slots was begun.
        is_suspect: its last start ended without a word, as where a worker died of it, or of a neighbour.
        gave_up_before: an earlier slot of it was given up, and no scan of it went well since.

    """

    ticker: str
    tier: Tier
    due_at: datetime
    starts: int
    is_suspect: bool
    gave_up_before: bool


class ScanSlotRepository(Protocol):
    """Keeps the times at which tickers are due. ``until`` is always an instant: later slots are left alone."""

    async def scheduled(self) -> Sequence[ScheduledTicker]:
        """Return all tickers that are scanned by the clock, by name; what is no ticker is left out."""

    async def lacking(self, due: Mapping[Tier, datetime]) -> Sequence[ScheduledTicker]:
        """Return those without a slot of the clock's at or after the instant ``due`` names for their tier."""

    async def add(
        self,
        slots: Sequence[NewSlot],
        state: SlotState = SlotState.OPEN,
        finished_at: datetime | None = None,
        reason: SlotReason | None = None,
    ) -> int:
        """Store slots not stored yet; return how many they were."""

    async def add_unless_open(self, slots: Sequence[NewSlot]) -> Sequence[str]:
        """Store open slots for tickers that have none; return these tickers."""

    async def waiting(self, until: datetime) -> Mapping[str, int]:
        """Return the tickers with open slots, each with the highest priority among them."""

    async def open_among(self, tickers: Sequence[str], until: datetime) -> Sequence[OpenTicker]:
        """Return those of ``tickers`` that have open slots."""

    async def begin(self, tickers: Sequence[str], until: datetime) -> None:
        """Count a start of the open slots of ``tickers``; until it ends by a word, they are suspect."""

    async def release(self, reasons: Mapping[str, str], until: datetime, *, uncounted: bool = False) -> None:
        """Leave the slots of tickers open, for another start, and say why; ``uncounted`` takes the start back."""

    async def settle(self, spots: Mapping[str, float], until: datetime, now: datetime) -> None:
        """Mark the open slots of tickers as done, and their last scan as of ``until`` at the given spots.

        From here to the end of the transaction, no other settles the same tickers.
        """

    async def fail(self, reasons: Mapping[str, str], until: datetime, now: datetime) -> None:
        """Mark the open slots of tickers as failed, and say why."""

    async def any_open_before(self, before: datetime) -> bool:
        """Return whether a slot due before ``before`` is open."""

    async def expire(self, before: datetime, now: datetime) -> int:
        """Mark open slots due before ``before`` as missed; return how many they were."""
