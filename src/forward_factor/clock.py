"""Clocks: the system's, and one that stands where it is put."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock, shifted by ``offset`` for rehearsals."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        """Return the current instant, aware and in UTC."""
        return datetime.now(UTC) + self.offset


@dataclass(slots=True)
class FixedClock:
    """A clock that shows ``instant`` until it is set to another."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant the clock was set to."""
        return self.instant
