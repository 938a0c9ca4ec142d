"""What a bar is, and when one begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from forward_factor.core.bars import (
    BarFault,
    Bars,
    BarTable,
    Timeframe,
    as_instant,
    as_numpy,
    begin_days,
    day_begins,
    find_faults,
    new_york_days,
    no_bars,
)


def one_bar(at: str = "2026-11-24T15:00", /, **changes: float) -> Bars:
    values = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 100.0} | changes
    return Bars(np.array([at], "datetime64[us]"), *(np.array([value]) for value in values.values()))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, BarFault.NONE),
        ({"volume": 0.0}, BarFault.NONE),
        ({"open": 12.0, "close": 9.0}, BarFault.NONE),
        ({"high": float("nan")}, BarFault.NO_NUMBER),
        ({"close": float("inf")}, BarFault.NO_NUMBER),
        ({"low": 0.0}, BarFault.NOT_POSITIVE),
        ({"open": -1.0}, BarFault.NOT_POSITIVE),
        ({"high": 8.0}, BarFault.HIGH_BELOW_LOW),
        ({"open": 12.01}, BarFault.OUTSIDE),
        ({"close": 8.99}, BarFault.OUTSIDE),
        ({"volume": -1.0}, BarFault.NO_VOLUME),
        ({"volume": float("nan")}, BarFault.NO_VOLUME),
        ({"volume": 2.0**54}, BarFault.NO_VOLUME),
    ],
)
def test_what_is_wrong_with_a_bar(changes: dict[str, float], fault: BarFault) -> None:
    assert find_faults(one_bar("2026-11-24T15:00", **changes), Timeframe.HOUR).tolist() == [fault]
    assert bool(fault.words) == (fault is not BarFault.NONE)


@pytest.mark.parametrize(
    ("at", "timeframes"),
    [
        ("2026-11-24T15:00:00", {Timeframe.MINUTE, Timeframe.HOUR}),
        ("2026-11-24T15:01:00", {Timeframe.MINUTE}),
        ("2026-11-24T15:01:30", set()),
        ("2026-11-24T05:00:00", {Timeframe.MINUTE, Timeframe.HOUR, Timeframe.DAY}),
        ("2026-07-24T04:00:00", {Timeframe.MINUTE, Timeframe.HOUR, Timeframe.DAY}),
        ("2026-07-24T05:00:00", {Timeframe.MINUTE, Timeframe.HOUR}),
        ("2026-07-24T00:00:00", {Timeframe.MINUTE, Timeframe.HOUR}),
    ],
)
def test_when_bars_begin(at: str, timeframes: set[Timeframe]) -> None:
    assert {one for one in Timeframe if find_faults(one_bar(at), one)[0] == BarFault.NONE} == timeframes


def test_days_begin_at_new_yorks_midnight() -> None:
    assert day_begins(date(2026, 7, 1)) == datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert day_begins(date(2026, 12, 1)) == datetime(2026, 12, 1, 5, tzinfo=UTC)
    days = np.array(["2026-03-07", "2026-03-08", "2026-03-09", "2026-03-08"], "datetime64[D]")
    begins = begin_days(days)
    assert np.diff(begins)[:2].astype("timedelta64[h]").astype(int).tolist() == [24, 23]
    assert new_york_days(begins).tolist() == days.tolist()
    assert new_york_days(begins - np.timedelta64(1, "us")).tolist() == (days - 1).tolist()
    assert as_instant(as_numpy(day_begins(date(2026, 7, 1)))) == day_begins(date(2026, 7, 1))


def test_no_bars_are_bars_too() -> None:
    assert len(no_bars()) == len(Bars.concatenate([])) == 0
    assert find_faults(no_bars(), Timeframe.DAY).tolist() == []
    assert new_york_days(no_bars().at).tolist() == []
    table = BarTable.of("A", replace(one_bar()))
    assert len(table.take(slice(0, 0)).bars) == 0
