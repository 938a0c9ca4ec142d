"""Minute bars for the storage tests, and what must be made of them, computed plainly from the raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from forward_factor.core.bars import Bars, BarTable, Timeframe
from forward_factor.services.import_bars import import_bars
from forward_factor.services.record_views import BarView
from forward_factor.storage.store import Store
from tests.integration.storage.scanning import fetch

NEW_YORK = ZoneInfo("America/New_York")
Row = tuple[datetime, float, float, float, float, int]


def minutes_of(day: date, first: time = time(8), last: time = time(18), seed: int = 1, share: float = 0.8) -> Bars:
    """Return random minute bars between two times of a New York day, some minutes left out."""
    random = np.random.default_rng([seed, day.toordinal()])
    begin, end = (datetime.combine(day, one, NEW_YORK).astimezone(UTC).replace(tzinfo=None) for one in (first, last))
    at = np.arange(np.datetime64(begin, "us"), np.datetime64(end, "us"), np.timedelta64(60, "s"))
    at = at[random.random(len(at)) < share]
    opens, closes = np.round(random.uniform(90, 110, (2, len(at))), 2)
    high = np.maximum(opens, closes) + np.round(random.random(len(at)), 2)
    low = np.minimum(opens, closes) - np.round(random.random(len(at)), 2)
    return Bars(at, opens, high, low, closes, random.integers(0, 10_000, len(at)).astype(np.float64))


def random_minutes(days: Sequence[date], ticker: str = "AAA", seed: int = 1) -> BarTable:
    """Return minute bars of some days."""
    return BarTable.of(ticker, Bars.concatenate([minutes_of(day, seed=seed) for day in days]))


async def store_minutes(store: Store, *tables: BarTable) -> None:
    """Store minute bars as an import does."""
    for table in tables:
        await import_bars(store, Timeframe.MINUTE, table)


async def raw_minutes(store: Store, ticker: str) -> list[Row]:
    """Return a ticker's minutes as they stand in the table, the oldest first."""
    rows = await fetch(
        store,
        "SELECT timestamp, open, high, low, close, volume FROM ohlcv_bars "
        f"WHERE ticker = '{ticker}' AND timeframe = '1min' ORDER BY timestamp",
    )
    return [(_instant(at), *numbers) for at, *numbers in rows]  # type: ignore[misc]


def plain_hours(rows: Sequence[Row]) -> list[BarView]:
    """Make hours of UTC, minute by minute."""
    return _made(rows, lambda at: at.replace(minute=0))


def plain_days(rows: Sequence[Row], closes: dict[date, time]) -> list[BarView]:
    """Make New York days of the minutes within sessions; ``closes`` names the days there are, and when they close."""

    def begin(at: datetime) -> datetime | None:
        wall = at.astimezone(NEW_YORK)
        close = closes.get(wall.date())
        if close is None or not time(9, 30) <= wall.time() < close:
            return None
        return datetime.combine(wall.date(), time(), NEW_YORK).astimezone(UTC)

    return _made(rows, begin)


def _made(rows: Sequence[Row], begin: object) -> list[BarView]:
    groups: dict[datetime, list[Row]] = {}
    for row in rows:
        at = begin(row[0])  # type: ignore[operator]
        if at is not None:
            groups.setdefault(at, []).append(row)
    return [
        BarView(
            at=at,
            open=group[0][1],
            high=max(one[2] for one in group),
            low=min(one[3] for one in group),
            close=group[-1][4],
            volume=sum(one[5] for one in group),
            minutes=len(group),
        )
        for at, group in sorted(groups.items())
    ]


def _instant(value: object) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    assert isinstance(value, datetime)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def session_days(first: date, count: int) -> list[date]:
    """Return ``count`` calendar days from ``first`` on."""
    return [first + timedelta(days=number) for number in range(count)]
