"""Recorded chains, in the order of their instants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from forward_factor.core.chain import NEW_YORK, Chain
from forward_factor.services.ports.chains import ChainFailure


@dataclass(frozen=True, slots=True)
class Span:
    """New York dates from ``start`` to ``end``, both included; None: no bound.

    Instants bound it too, where they are given: ``since`` is included, ``until`` left out.
    """

    start: date | None = None
    end: date | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def begins_at(self) -> datetime | None:
        """Return the first instant of the span."""
        begins = None if self.start is None else datetime.combine(self.start, time(0), NEW_YORK)
        return max((one for one in (begins, self.since) if one is not None), default=None)

    @property
    def ends_before(self) -> datetime | None:
        """Return the first instant after the span."""
        ends = None if self.end is None else datetime.combine(self.end + timedelta(days=1), time(0), NEW_YORK)
        return min((one for one in (ends, self.until) if one is not None), default=None)

    def covers(self, instant: datetime) -> bool:
        """Return whether an aware instant lies in the span."""
        begins, ends = self.begins_at, self.ends_before
        return (begins is None or instant >= begins) and (ends is None or instant < ends)


@dataclass(frozen=True, slots=True, eq=False)
class RecordedChain:
    """A chain with the digest of its quotes as they were when all of them were there (``core.staleness``)."""

    chain: Chain
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class HistoryStep:
    """Some chains, by instant and then ticker, none before those of earlier steps.

    Attributes:
        failures: what could not be read.
        done: share of all that there is to read, 0 to 1.

    """

    chains: tuple[RecordedChain, ...]
    failures: tuple[ChainFailure, ...]
    done: float


class ChainHistory(Protocol):
    """Gives what was recorded, a step at a time, so that it never stands in memory as a whole."""

    def read(self, tickers: Sequence[str], span: Span) -> AsyncIterator[HistoryStep]:
        """Yield the recorded chains of ``tickers`` (none means all) within ``span``.

        Raises:
            InvalidInput: what is asked for cannot be told apart, or is not there.

        """
