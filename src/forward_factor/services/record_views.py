"""What was recorded over time, as it is shown: vols and factors as decimals, missing numbers None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forward_factor.core.bars import Timeframe as Timeframe  # noqa: PLC0414 - part of what is shown
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.views import CandidateView, SignalView


@dataclass(frozen=True, slots=True, kw_only=True)
class BarView:
    """Open, high, low, close and volume over one timeframe that begins at ``at``.

    Attributes:
        minutes: how many minute bars it was made of; None where it is stored as it is.

    """

    at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int
    minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """One reading of a pair at a vol point."""

    as_of: datetime
    provider: str
    ff: float | None
    ff_low: float | None
    ff_high: float | None
    ff_ex_earnings: float | None
    front_iv: float | None
    back_iv: float | None
    sigma_fwd: float | None
    is_signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Where the newest reading stands among what is recorded, itself included.

    Attributes:
        readings: how many there are with a forward factor; ``days`` is from the first to the last, in days.
        ff, front_iv: share of readings at or below the newest one's, 0 to 1; None where there is none.

    """

    readings: int
    first_at: datetime | None
    last_at: datetime | None
    ff: float | None
    front_iv: float | None

    @property
    def days(self) -> float:
        """Return how long a time is recorded."""
        if self.first_at is None or self.last_at is None:
            return 0.0
        return (self.last_at - self.first_at).total_seconds() / 86_400


@dataclass(frozen=True, slots=True)
class History:
    """A series, and where its newest reading stands among all of the span."""

    points: Sequence[SeriesPoint]
    percentiles: Percentiles


@dataclass(frozen=True, slots=True)
class SignalPage:
    """Some signals, the newest first; ``next`` is where to go on, None at the end."""

    signals: Sequence[SignalView]
    next: PagePlace | None


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """Some candidates, the newest first; ``next`` is where to go on, None at the end."""

    candidates: Sequence[CandidateView]
    next: PagePlace | None
