"""How a pair went, day by day, and where its newest day stands."""

from __future__ import annotations

from datetime import datetime

from forward_factor.core.coverage import days_from
from forward_factor.core.standing import standing_of
from forward_factor.services.daily_views import PairHistory, PairKey, PairValues
from forward_factor.services.ports.daily_records import DailyRecords
from forward_factor.services.read_ranks import rank_pair, values_of, vols_at_30_days


async def read_pair_history(records: DailyRecords, key: PairKey, since: datetime, until: datetime) -> PairHistory:
    """Return the New York days from ``since`` to ``until``, the first and the last whole, with what was recorded."""
    days = days_from(since, until)
    rows = await records.pair_days([key], days.first, days.last)
    curve = vols_at_30_days(await records.curve_days([key.ticker], days.first, days.last))
    values = values_of(rows)
    return PairHistory(
        ranks=rank_pair(key, rows, days, standing_of(curve)),
        days=tuple(
            PairValues(
                on=day,
                ff=values.ff.get(day),
                front_iv=values.front_iv.get(day),
                bid_ask_pct=values.bid_ask_pct.get(day),
                iv_30d=curve.get(day),
            )
            for day in sorted({one.day for one in rows} | curve.keys())
        ),
    )
