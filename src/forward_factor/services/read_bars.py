"""Bars of a ticker, as traded or with splits and dividends taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

import numpy as np

from forward_factor.core.adjustments import LeftOut, adjust, closes_needed, plan_steps
from forward_factor.core.bars import Bars, Timeframe, as_numpy, day_begins
from forward_factor.core.chain import new_york_date
from forward_factor.services.ports import UnitOfWork
from forward_factor.services.ports.records import Records
from forward_factor.services.record_views import BarView

_MOST_DAYS = 50_000


class BarSource(Protocol):
    """Where bars, dividends and splits are read."""

    @property
    def records(self) -> Records:
        """Return the reader of bars."""

    def reading(self) -> UnitOfWork:
        """Return a new transaction that only reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBars:
    """Which bars: the newest ``limit`` from ``since`` on and before ``until``; None asks for nothing."""

    ticker: str
    timeframe: Timeframe = Timeframe.DAY
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 500
    is_adjusted: bool = False


@dataclass(frozen=True, slots=True)
class BarsRead:
    """Bars, the oldest first, and the dividends they should have been adjusted for and could not be."""

    bars: Sequence[BarView]
    left_out: Sequence[LeftOut] = ()


async def read_bars(store: BarSource, now: datetime, wanted: WantedBars) -> BarsRead:
    """Return bars; adjusted ones stand as if all shares were those of today."""
    bars = await store.records.bars(wanted.ticker, wanted.timeframe, wanted.since, wanted.until, wanted.limit)
    if not wanted.is_adjusted or not bars:
        return BarsRead(bars)
    async with store.reading() as work:
        actions = (await work.corporate_actions.of_tickers([wanted.ticker])).get(wanted.ticker, ())
    first, today = new_york_date(bars[0].at), new_york_date(now)
    closes = await _closes(store.records, wanted.ticker, closes_needed(actions, first, today))
    steps, left_out = plan_steps(actions, closes, first, today)
    return BarsRead(_views(adjust(_columns(bars), steps), bars), left_out)


async def _closes(records: Records, ticker: str, days: Sequence[date]) -> Mapping[date, float]:
    if not days:
        return {}
    end = day_begins(days[-1] + timedelta(days=1))
    bars = await records.bars(ticker, Timeframe.DAY, day_begins(days[0]), end, _MOST_DAYS)
    return {new_york_date(bar.at): bar.close for bar in bars}


def _columns(bars: Sequence[BarView]) -> Bars:
    numbers = np.array([(one.open, one.high, one.low, one.close, one.volume) for one in bars]).T
    return Bars(np.array([as_numpy(one.at) for one in bars]), *numbers)


def _views(bars: Bars, like: Sequence[BarView]) -> list[BarView]:
    columns = (bars.open, bars.high, bars.low, bars.close, np.rint(bars.volume).astype(np.int64))
    return [
        BarView(at=one.at, open=open_, high=high, low=low, close=close, volume=volume, minutes=one.minutes)
        for one, open_, high, low, close, volume in zip(like, *(values.tolist() for values in columns), strict=True)
    ]
