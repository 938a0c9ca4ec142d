"""What is kept by New York day, as it is read and shown: vols, factors and shares as decimals, missing numbers None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from forward_factor.core.coverage import Coverage
from forward_factor.core.reasons import Reason
from forward_factor.core.rules import VolPoint
from forward_factor.core.standing import Standing


class PairKey(NamedTuple):
    """One series: a pair of a ticker at a vol point."""

    ticker: str
    pair: str
    vol_point: str


class PairDay(NamedTuple):
    """What a provider's readings of one pair came to on one day: a tuple, for there are many.

    Attributes:
        last_at: instant of the last reading.
        ff, front_iv, bid_ask_pct: each the last of the day that is known.

    """

    key: PairKey
    provider: str
    day: date
    last_at: datetime
    ff: float | None
    front_iv: float | None
    bid_ask_pct: float | None


class CurveDay(NamedTuple):
    """The vols at the money nearest 30 days on either side that a provider's last snapshot of a day had."""

    ticker: str
    provider: str
    day: date
    last_at: datetime
    near_dte: int
    near_iv: float
    far_dte: int
    far_iv: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRanks:
    """Where a pair's newest day stands among those recorded.

    Attributes:
        as_of: its newest reading; None where nothing is recorded.
        coverage: days with a reading of this pair, be its numbers known or not.
        iv_30d: the ticker's vol at the money at 30 days; None where it was not asked for.

    """

    ticker: str
    pair: str
    vol_point: str
    as_of: datetime | None
    coverage: Coverage
    ff: Standing
    front_iv: Standing
    bid_ask_pct: Standing
    iv_30d: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairValues:
    """What a pair's day came to: the last known numbers of the day."""

    on: date
    ff: float | None
    front_iv: float | None
    bid_ask_pct: float | None
    iv_30d: float | None


@dataclass(frozen=True, slots=True)
class PairHistory:
    """A pair's days, the oldest first, and where the newest of them stands."""

    ranks: PairRanks
    days: Sequence[PairValues]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTotals:
    """A provider's snapshots of a ticker over a span, counted.

    Attributes:
        days: with a snapshot, the oldest first.
        fewest, most: snapshots on one of those days.
        checked: snapshots whose crossed quotes and rejected rows are known, with ``checked_contracts``.

    """

    ticker: str
    provider: str
    days: Sequence[date]
    snapshots: int
    fewest: int
    most: int
    stale: int
    checked: int
    checked_contracts: int
    crossed: int
    rejected_rows: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateTotals:
    """A provider's candidates of a ticker over a span, counted: ``reasons`` may overlap."""

    candidates: int = 0
    signals: int = 0
    reasons: Mapping[Reason, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTotals:
    """Expiries of a provider's snapshots of a ticker over a span, and how many have each vol point."""

    expiries: int
    known: Mapping[VolPoint, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQuality:
    """How good a provider's data on one ticker was over a span; shares are 0 to 1, None of nothing.

    Attributes:
        snapshots_a_day: mean over the days with one; ``fewest_a_day`` and ``most_a_day`` beside it.
        stale: snapshots whose quotes were those of the one before.
        checked: snapshots whose crossed quotes and rejected rows were counted; the rest is older than the counts.
        crossed: contracts bid above their ask, of ``contracts`` of checked snapshots.
        rejected_rows: rows of checked snapshots that could not be read.
        missing_points: by vol point, share of expiries without it.
        reasons: by reason, share of candidates it refused; those of none are left out.

    """

    ticker: str
    provider: str
    coverage: Coverage
    first_at: datetime
    last_at: datetime
    snapshots: int
    snapshots_a_day: float
    fewest_a_day: int
    most_a_day: int
    stale: int
    stale_share: float | None
    checked: int
    contracts: int
    crossed: int
    crossed_share: float | None
    rejected_rows: int
    rejected_share: float | None
    expiries: int
    missing_points: Mapping[VolPoint, float]
    candidates: int
    signals: int
    reasons: Mapping[Reason, float]
