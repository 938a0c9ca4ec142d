"""From texts to bars: what is left out is named, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from forward_factor.core.bars import Timeframe
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.bar_parse import FAULTS, BarFormat, BarRows, choose_format, join_rows, parse_bars

MINUTES = BarFormat(Timeframe.MINUTE, "timestamp")
DAYS = BarFormat(Timeframe.DAY, "date")
GOOD = {"ticker": "AAPL", "open": "10", "high": "12", "low": "9", "close": "11", "volume": "100"}


def read(form: BarFormat, *rows: Mapping[str, str | None]) -> BarRows:
    table = pl.DataFrame([{**GOOD, **row} for row in rows], schema=[*GOOD, form.time_column], orient="row")
    return parse_bars(table.cast(pl.String), np.arange(2, 2 + len(rows)), form)


def faults(form: BarFormat, *rows: Mapping[str, str | None]) -> list[str]:
    return [FAULTS[fault] for fault in read(form, *rows).bad_fault]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-07-24T14:30:00Z", "2026-07-24T14:30"),
        ("2026-07-24 10:30-04:00", "2026-07-24T14:30"),
        ("2026-07-24 10:30:00.000-0400", "2026-07-24T14:30"),
        ("2026-07-24T16:30:00+02", "2026-07-24T14:30"),
    ],
)
def test_instants_with_zones(text: str, at: str) -> None:
    rows = read(MINUTES, {"timestamp": text})
    assert rows.table.bars.at.tolist() == [datetime.fromisoformat(at)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2026-07-24T14:30:00", "the time has no zone"),
        ("2026-07-24 14:30", "the time has no zone"),
        ("2026-07-24", "the time cannot be read"),
        ("1784903400", "the time cannot be read"),
        ("24.07.2026 14:30Z", "the time cannot be read"),
        ("2026-13-24T14:30:00Z", "the time cannot be read"),
        (None, "the time cannot be read"),
        ("2026-07-24T14:30:01Z", FAULTS[5]),
    ],
)
def test_instants_that_are_none(text: str | None, fault: str) -> None:
    assert faults(MINUTES, {"timestamp": text}) == [fault]


def test_a_zone_that_was_said_counts_for_times_without_one_only() -> None:
    form = BarFormat(Timeframe.MINUTE, "timestamp", "America/New_York")
    texts = ("2026-07-24 09:30", "2026-12-01 09:30", "2026-12-01T14:31Z", "2026-03-08 02:30", "2026-11-01 01:30")
    rows = read(form, *({"timestamp": text} for text in texts))
    assert rows.table.bars.at.tolist() == [
        datetime(2026, 7, 24, 13, 30), datetime(2026, 12, 1, 14, 30), datetime(2026, 12, 1, 14, 31),
    ]  # fmt: skip
    assert [FAULTS[fault] for fault in rows.bad_fault] == ["the time cannot be read"] * 2  # skipped, and repeated
    assert rows.bad_line.tolist() == [5, 6]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"ticker": "../etc"}, "the ticker is none"),
        ({"ticker": None}, "the ticker is none"),
        ({"date": "24.07.2026"}, "the time cannot be read"),
        ({"date": "2026-07-24T15:00:00"}, "the time cannot be read"),
        ({"open": "ten"}, "open, high, low or close is missing, infinite or no number"),
        ({"close": ""}, "open, high, low or close is missing, infinite or no number"),
        ({"high": "inf"}, "open, high, low or close is missing, infinite or no number"),
        ({"low": "-9"}, "a price is 0 or below"),
        ({"high": "8"}, "high is below low"),
        ({"close": "13"}, "open or close lies outside low to high"),
        ({"volume": "-1"}, "volume is missing, negative, too large or no number"),
        ({"volume": "1e20"}, "volume is missing, negative, too large or no number"),
        ({"volume": "many"}, "volume is missing, negative, too large or no number"),
    ],
)
def test_rows_that_are_no_bars(change: dict[str, str | None], fault: str) -> None:
    assert faults(DAYS, {"date": "2026-07-24", **change}) == [fault]


def test_volumes_are_rounded_to_whole_shares_and_zero_is_one() -> None:
    rows = read(DAYS, {"date": "2026-07-24", "volume": "100.6"}, {"date": "2026-07-27", "volume": "0"})
    assert rows.table.bars.volume.tolist() == [101.0, 0.0]
    assert rows.table.bars.at.tolist() == [datetime(2026, 7, 24, 4), datetime(2026, 7, 27, 4)]


def test_rows_said_again_count_once_and_contradictions_do_not_count() -> None:
    first = read(DAYS, {"date": "2026-07-28"}, {"date": "2026-07-24"}, {"date": "2026-07-27"}, {"date": "2026-07-24"})
    second = read(
        DAYS, {"date": "2026-07-27", "close": "10"}, {"date": "2026-07-27"}, {"date": "2026-07-24", "ticker": "MSFT"}
    )
    joined, repeated = join_rows([first, second])
    table = joined.table
    assert [(table.tickers[place], at) for place, at in zip(table.ticker, table.bars.at.tolist(), strict=True)] == [
        ("AAPL", datetime(2026, 7, 24, 4)), ("MSFT", datetime(2026, 7, 24, 4)), ("AAPL", datetime(2026, 7, 28, 4)),
    ]  # fmt: skip
    assert repeated == 1
    assert {FAULTS[fault] for fault in joined.bad_fault} == {"another row of the same ticker and time says otherwise"}
    assert joined.bad_line.tolist() == [2, 3, 4]
    assert join_rows([])[1] == 0


def test_parquets_own_types() -> None:
    at = [datetime(2026, 7, 24, 14, 30, tzinfo=UTC)]
    numbers = {"open": [10], "high": [12.0], "low": [9.0], "close": [11.0], "volume": [100]}
    table = pl.DataFrame({"ticker": ["A"], "timestamp": at, **numbers})
    assert len(parse_bars(table, np.array([1]), MINUTES).line) == 1
    naive = table.with_columns(pl.col("timestamp").dt.replace_time_zone(None))
    assert [FAULTS[fault] for fault in parse_bars(naive, np.array([1]), MINUTES).bad_fault] == ["the time has no zone"]
    there = parse_bars(naive, np.array([1]), BarFormat(Timeframe.MINUTE, "timestamp", "America/New_York"))
    assert there.table.bars.at.tolist() == [datetime(2026, 7, 24, 18, 30)]
    days = table.select("ticker", pl.col("timestamp").dt.date().alias("date"), *numbers)
    assert parse_bars(days, np.array([1]), DAYS).table.bars.at.tolist() == [datetime(2026, 7, 24, 4)]


@pytest.mark.parametrize(
    ("columns", "timeframe", "why"),
    [
        ("ticker,date,open,high,low,volume", None, "lacks close"),
        ("ticker,open,high,low,close,volume", None, "neither date nor timestamp"),
        ("ticker,date,timestamp,open,high,low,close,volume", None, "both date and timestamp"),
        ("ticker,timestamp,open,high,low,close,volume", None, "--timeframe"),
        ("ticker,date,open,high,low,close,volume", Timeframe.MINUTE, "need a timestamp"),
    ],
)
def test_files_that_are_none(columns: str, timeframe: Timeframe | None, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        choose_format(columns.split(","), timeframe, None)
