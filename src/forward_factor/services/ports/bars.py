"""Where bars are kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Protocol

from forward_factor.core.bars import BarTable, Timeframe


class BarRepository(Protocol):
    """Keeps bars as they were traded."""

    async def put(self, timeframe: Timeframe, table: BarTable) -> int:
        """Store bars, each once, in place of those of the same ticker and time; return how many are new or other."""

    async def days_stored(self, ticker: str, timeframe: Timeframe, first: date, last: date) -> Collection[date]:
        """Return the New York dates from ``first`` to ``last`` that have bars.

        Of minutes and hours, a date has them where one begins at or after the first whole hour of its session, and
        before its close: what was traded around a session alone makes no day.
        """
