"""Bars: open, high, low, close and volume of a ticker over a minute, an hour or a day.

A minute begins at a whole minute, an hour at a whole hour of UTC, a day at midnight in New York. Prices and volumes are
those that were traded: neither splits nor dividends are taken out of what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Self

import numpy as np

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.core.chain import NEW_YORK, new_york_date

MOST_SHARES = 2.0**53
"""No bar has more: floats skip whole numbers from there on, and a day of such minutes still is a 64-bit integer."""
_HOUR = np.timedelta64(3600, "s")
_MINUTE = np.timedelta64(60, "s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timeframe(StrEnum):
    """How long a bar is."""

    MINUTE = "1min"
    HOUR = "1hour"
    DAY = "1day"


class BarFault(IntEnum):
    """What is wrong with a bar; of several the first counts."""

    NONE = 0
    OFF_GRID = 1
    NO_NUMBER = 2
    NOT_POSITIVE = 3
    HIGH_BELOW_LOW = 4
    OUTSIDE = 5
    NO_VOLUME = 6

    @property
    def words(self) -> str:
        """Return what a person would say."""
        return _WORDS[self]


_WORDS = {
    BarFault.NONE: "",
    BarFault.OFF_GRID: "the time is not the beginning of a minute, of an hour, or of a New York day",
    BarFault.NO_NUMBER: "open, high, low or close is missing, infinite or no number",
    BarFault.NOT_POSITIVE: "a price is 0 or below",
    BarFault.HIGH_BELOW_LOW: "high is below low",
    BarFault.OUTSIDE: "open or close lies outside low to high",
    BarFault.NO_VOLUME: "volume is missing, negative, too large or no number",
}


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Columns of equal length, one entry a bar.

    Attributes:
        at: ``datetime64[us]`` in UTC, when the bar begins.
        open, high, low, close: dollars.
        volume: shares; whole ones where they are stored.

    """

    at: DateArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: np.ndarray | slice) -> Self:
        """Return the bars selected by an index, a boolean array or a slice, in its order."""
        return type(self)(*(getattr(self, column.name)[rows] for column in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[Bars]) -> Bars:
        """Return the bars of all parts, one after the other."""
        if not parts:
            return no_bars()
        return cls(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(cls)))


@dataclass(frozen=True, slots=True, eq=False)
class BarTable:
    """Bars of many tickers: ``ticker`` holds each bar's place in ``tickers``."""

    tickers: Sequence[str]
    ticker: IntArray
    bars: Bars

    @classmethod
    def of(cls, ticker: str, bars: Bars) -> BarTable:
        """Return the bars of one ticker as a table."""
        return cls((ticker,), np.zeros(len(bars), np.int64), bars)

    def take(self, rows: np.ndarray | slice) -> BarTable:
        """Return the selected rows."""
        return BarTable(self.tickers, self.ticker[rows], self.bars.take(rows))


def no_bars() -> Bars:
    """Return bars without any rows."""
    empty = np.empty(0)
    return Bars(np.empty(0, "datetime64[us]"), empty, empty, empty, empty, empty)


def find_faults(bars: Bars, timeframe: Timeframe) -> IntArray:
    """Return each bar's ``BarFault``."""
    prices = np.stack([bars.open, bars.high, bars.low, bars.close])
    with np.errstate(invalid="ignore"):
        wrong = (
            ~is_on_grid(bars.at, timeframe),
            ~np.isfinite(prices).all(axis=0),
            (prices <= 0).any(axis=0),
            bars.high < bars.low,
            (np.maximum(bars.open, bars.close) > bars.high) | (np.minimum(bars.open, bars.close) < bars.low),
            ~((bars.volume >= 0) & (bars.volume <= MOST_SHARES)),
        )
    return np.select(wrong, [fault.value for fault in BarFault if fault], 0).astype(np.int64)


def is_on_grid(at: DateArray, timeframe: Timeframe) -> BoolArray:
    """Return which instants may begin a bar of ``timeframe``."""
    if timeframe is Timeframe.DAY:
        return np.asarray(at == begin_days(new_york_days(at)))
    step = _MINUTE if timeframe is Timeframe.MINUTE else _HOUR
    return np.asarray((at.astype("datetime64[us]").astype(np.int64) % (step // np.timedelta64(1, "us"))) == 0)


def new_york_days(at: DateArray) -> DateArray:
    """Return the New York dates (``datetime64[D]``) of instants; each distinct hour is looked up once."""
    hours, places = np.unique(at.astype("datetime64[h]"), return_inverse=True)
    days = [_day_of_hour(hour) for hour in hours.astype(np.int64).tolist()]
    return np.array(days, "datetime64[D]")[places]


def begin_days(days: DateArray) -> DateArray:
    """Return when New York dates begin, ``datetime64[us]`` in UTC."""
    distinct, places = np.unique(days.astype("datetime64[D]"), return_inverse=True)
    begins = [as_numpy(day_begins(day)) for day in distinct.astype(object)]
    return np.array(begins, "datetime64[us]")[places]


@lru_cache(maxsize=16_384)
def day_begins(day: date) -> datetime:
    """Return midnight in New York at the beginning of a date: the instant a day's bar has."""
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)


def as_numpy(instant: datetime) -> np.datetime64:
    """Return an aware instant as ``datetime64[us]`` in UTC."""
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us")


def as_instant(at: np.datetime64) -> datetime:
    """Return ``datetime64`` in UTC as an aware instant."""
    return _EPOCH + timedelta(microseconds=int(at.astype("datetime64[us]").astype(np.int64)))


@lru_cache(maxsize=65_536)
def _day_of_hour(hours: int) -> date:
    return new_york_date(_EPOCH + timedelta(hours=hours))
