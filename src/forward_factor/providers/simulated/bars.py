"""Bars of the simulated market: hours and days are made of the very minutes it gives, so all of them agree."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from forward_factor.core import market_hours
from forward_factor.core.arrays import IntArray
from forward_factor.core.bars import Bars, Timeframe, as_numpy, day_begins, no_bars
from forward_factor.providers.simulated.moments import OVERNIGHT, previous_close_time
from forward_factor.providers.simulated.stock import Stock
from forward_factor.providers.simulated.universe import traded_shares

_MINUTE = timedelta(minutes=1)
_BUSY_ENDS = 0.9
"""How much more than the mean is traded at the open and the close, and less at noon, as a share of it."""


def simulate_bars(stock: Stock, day: date, announced: float, timeframe: Timeframe) -> Bars:
    """Return the bars of a session, none where the day has no session.

    Args:
        stock: whose.
        day: New York date.
        announced: log return left by past announcements.
        timeframe: how long a bar is.

    """
    session = market_hours.session_on(day)
    if session is None:
        return no_bars()
    count = session.length // _MINUTE
    minute = np.arange(count + 1)
    times = previous_close_time(day) + OVERNIGHT + (1.0 - OVERNIGHT) * minute / count
    spots = stock.spots_at(times, announced)
    gone = minute / count + _BUSY_ENDS * np.sin(2 * np.pi * minute / count) / (2 * np.pi)
    traded = np.rint(traded_shares(stock.profile, day) * gone)
    at = as_numpy(session.opens_at) + minute[:-1] * np.timedelta64(60, "s")
    opens, closes = spots[:-1], spots[1:]
    bars = Bars(at, opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, np.diff(traded))
    if timeframe is Timeframe.MINUTE:
        return bars
    if timeframe is Timeframe.HOUR:
        hours = at.astype("datetime64[h]").astype("datetime64[us]")
        return _rolled(bars, np.flatnonzero(np.diff(hours, prepend=np.datetime64(0, "us")).astype(np.int64)), hours)
    return _rolled(bars, np.zeros(1, np.int64), np.full(count, as_numpy(day_begins(day))))


def _rolled(bars: Bars, starts: IntArray, begins: np.ndarray) -> Bars:
    """Return one bar for the minutes from each of ``starts`` to the next."""
    ends = np.append(starts[1:], len(bars)) - 1
    return Bars(
        begins[starts],
        bars.open[starts],
        np.maximum.reduceat(bars.high, starts),
        np.minimum.reduceat(bars.low, starts),
        bars.close[ends],
        np.add.reduceat(bars.volume, starts),
    )
