"""Where pairs' newest factors, vols and spreads stand among what was recorded over a year, many pairs at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from forward_factor.core.coverage import DaySpan, coverage_of, days_from
from forward_factor.core.standing import Standing, constant_maturity_iv, standing_of
from forward_factor.services.daily_views import CurveDay, PairDay, PairKey, PairRanks
from forward_factor.services.ports.daily_records import DailyRecords

YEAR = timedelta(days=365)
_LAST_COUNTS = attrgetter("last_at", "provider")


async def read_ranks(
    records: DailyRecords, keys: Sequence[PairKey], now: datetime, span: timedelta = YEAR, *, with_curve: bool = False
) -> Mapping[PairKey, PairRanks]:
    """Return the ranks of ``keys`` over the New York days from ``now - span`` to ``now``, the first and the last whole.

    ``with_curve`` asks for the tickers' vols at 30 days, too, which takes a second query.
    """
    days = days_from(now - span, now)
    found: dict[PairKey, list[PairDay]] = {key: [] for key in keys}
    curves: dict[str, list[CurveDay]] = {key.ticker: [] for key in keys} if with_curve else {}
    for one in await records.pair_days(list(found), days.first, days.last) if found else ():
        found[one.key].append(one)
    for curve in await records.curve_days(list(curves), days.first, days.last) if curves else ():
        curves[curve.ticker].append(curve)
    at_30_days = {ticker: standing_of(vols_at_30_days(rows)) for ticker, rows in curves.items()}
    return {key: rank_pair(key, rows, days, at_30_days.get(key.ticker)) for key, rows in found.items()}


def rank_pair(key: PairKey, rows: Sequence[PairDay], days: DaySpan, iv_30d: Standing | None) -> PairRanks:
    """Return where the newest of a pair's days stands among all of them."""
    values = values_of(rows)
    return PairRanks(
        ticker=key.ticker,
        pair=key.pair,
        vol_point=key.vol_point,
        as_of=max((one.last_at for one in rows), default=None),
        coverage=coverage_of({one.day for one in rows}, days),
        ff=standing_of(values.ff),
        front_iv=standing_of(values.front_iv),
        bid_ask_pct=standing_of(values.bid_ask_pct),
        iv_30d=iv_30d,
    )


class DailyValues(NamedTuple):
    """One value a day of each number of a pair, where it is known."""

    ff: Mapping[date, float]
    front_iv: Mapping[date, float]
    bid_ask_pct: Mapping[date, float]


def values_of(rows: Iterable[PairDay]) -> DailyValues:
    """Return a pair's numbers day by day: of several providers the one that read last, then the last by name."""
    in_order = sorted(rows, key=_LAST_COUNTS)
    return DailyValues(
        {one.day: one.ff for one in in_order if one.ff is not None},
        {one.day: one.front_iv for one in in_order if one.front_iv is not None},
        {one.day: one.bid_ask_pct for one in in_order if one.bid_ask_pct is not None},
    )


def vols_at_30_days(rows: Iterable[CurveDay]) -> Mapping[date, float]:
    """Return a ticker's vol at the money at 30 days, day by day, of several providers in the same way."""
    vols = (
        (one.day, constant_maturity_iv(one.near_dte, one.near_iv, one.far_dte, one.far_iv))
        for one in sorted(rows, key=_LAST_COUNTS)
    )
    return {day: vol for day, vol in vols if vol is not None}
