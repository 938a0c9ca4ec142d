"""How good the recorded data was over a span: days covered, gaps, stale and crossed quotes, what refused candidates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from forward_factor.core.coverage import DaySpan, coverage_of, days_from
from forward_factor.services.daily_views import CandidateTotals, DataQuality, PointTotals, SnapshotTotals
from forward_factor.services.ports.daily_records import DailyRecords

USUAL_SPAN = timedelta(days=30)
_NO_CANDIDATES = CandidateTotals(reasons={})
_NO_POINTS = PointTotals(expiries=0, known={})


async def read_quality(
    records: DailyRecords, tickers: Sequence[str], since: datetime, now: datetime
) -> Sequence[DataQuality]:
    """Return the quality of ``tickers``, of all if none is named, from ``since`` to ``now``, both days whole.

    One entry a ticker and provider, in that order; tickers without a snapshot have none.
    """
    span = days_from(since, now)
    asked = tickers, span.first, span.last
    snapshots = await records.snapshot_totals(*asked)
    candidates, points = await records.candidate_totals(*asked), await records.point_totals(*asked)
    keys = [(one.ticker, one.provider) for one in snapshots]
    return [
        _quality(one, candidates.get(key, _NO_CANDIDATES), points.get(key, _NO_POINTS), span)
        for one, key in zip(snapshots, keys, strict=True)
    ]


def _quality(one: SnapshotTotals, found: CandidateTotals, points: PointTotals, span: DaySpan) -> DataQuality:
    return DataQuality(
        ticker=one.ticker,
        provider=one.provider,
        coverage=coverage_of(one.days, span),
        first_at=one.first_at,
        last_at=one.last_at,
        snapshots=one.snapshots,
        snapshots_a_day=one.snapshots / len(one.days),
        fewest_a_day=one.fewest,
        most_a_day=one.most,
        stale=one.stale,
        stale_share=_share(one.stale, one.snapshots),
        checked=one.checked,
        contracts=one.checked_contracts,
        crossed=one.crossed,
        crossed_share=_share(one.crossed, one.checked_contracts),
        rejected_rows=one.rejected_rows,
        rejected_share=_share(one.rejected_rows, one.checked_contracts + one.rejected_rows),
        expiries=points.expiries,
        missing_points={point: 1.0 - known / points.expiries for point, known in points.known.items()},
        candidates=found.candidates,
        signals=found.signals,
        reasons={reason: count / found.candidates for reason, count in found.reasons.items() if count},
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
