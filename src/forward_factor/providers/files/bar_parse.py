"""From a table of a bar file to columns: pure, and a whole column at a time.

A day is a date of New York. An instant needs its zone (``Z``, ``+00:00``, ``-05:00``); one without costs its row,
unless the reader of the file was told which zone is meant, and then a time that the clocks skip or repeat
does. A number is no instant. Volumes are rounded to whole shares. The first thing wrong with a row is its fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from forward_factor.core.arrays import BoolArray, DateArray, IntArray
from forward_factor.core.bars import BarFault, Bars, BarTable, Timeframe, begin_days, find_faults
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.parse import (
    MALFORMED,
    parse_instants,
    read_days,
    read_numbers,
    read_text,
    read_tickers,
)

NUMBERS = ("open", "high", "low", "close", "volume")
FAULTS = (
    "",
    "wrong number of fields",
    "the ticker is none",
    "the time cannot be read",
    "the time has no zone",
    *(fault.words for fault in BarFault if fault),
    "another row of the same ticker and time says otherwise",
)
"""Why a row is left out; its place is the code of the fault."""
_MALFORMED, _TICKER, _TIME, _ZONE = 1, 2, 3, 4
_OF_BARS = 4
CONTRADICTED = len(FAULTS) - 1
_HAS_ZONE = r"(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)$"


@dataclass(frozen=True, slots=True)
class BarFormat:
    """What the rows of a file mean.

    Attributes:
        time_column: ``date`` or ``timestamp``.
        zone: which zone times without one are in; None where nobody said.

    """

    timeframe: Timeframe
    time_column: str
    zone: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BarRows:
    """Rows of a file, the good ones as a table.

    Attributes:
        line: of each good row, its line in the file.
        bad_line, bad_fault: of each other row its line, and its place in ``FAULTS``.

    """

    table: BarTable
    line: IntArray
    bad_line: IntArray
    bad_fault: IntArray


def choose_format(columns: Sequence[str], timeframe: Timeframe | None, zone: str | None) -> BarFormat:
    """Return what a file with these columns holds.

    Raises:
        InvalidInput: a column is missing, or it does not go with the timeframe.

    """
    missing = [name for name in ("ticker", *NUMBERS) if name not in columns]
    if missing:
        raise InvalidInput(f"lacks {', '.join(missing)}; bars have ticker,date|timestamp,{','.join(NUMBERS)}")
    times = [name for name in ("date", "timestamp") if name in columns]
    if len(times) != 1:
        raise InvalidInput("has both date and timestamp: leave one out" if times else "has neither date nor timestamp")
    if times == ["date"] and timeframe not in (None, Timeframe.DAY):
        raise InvalidInput(f"has dates, and bars of {timeframe} need a timestamp")
    if times == ["timestamp"] and timeframe is None:
        raise InvalidInput("has timestamps: say with --timeframe whether its bars are of 1min, 1hour or 1day")
    return BarFormat(timeframe or Timeframe.DAY, times[0], zone)


def parse_bars(table: pl.DataFrame, lines: IntArray, form: BarFormat) -> BarRows:
    """Return the bars of a table whose rows stand on ``lines``."""
    names = read_tickers(table["ticker"])
    tickers = names.drop_nulls().unique().sort().to_list()
    ticker = names.cast(pl.Enum(tickers)).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    at, lacks_zone = _times(table[form.time_column], form)
    is_lost = np.isnat(at)
    bars = Bars(np.where(is_lost, np.datetime64(0, "us"), at), *(read_numbers(table[name])[0] for name in NUMBERS))
    faults = find_faults(bars, form.timeframe)
    wrong = (_malformed(table), ticker < 0, is_lost & ~lacks_zone, lacks_zone, faults > 0)
    fault = np.select(wrong, [_MALFORMED, _TICKER, _TIME, _ZONE, faults + _OF_BARS], 0)
    good = fault == 0
    whole = Bars(bars.at, bars.open, bars.high, bars.low, bars.close, np.rint(bars.volume))
    return BarRows(BarTable(tickers, ticker, whole).take(good), lines[good], lines[~good], fault[~good])


def join_rows(parts: Sequence[BarRows]) -> tuple[BarRows, int]:
    """Return the rows of all parts by time and ticker, each bar once, and how many were said again.

    Where rows of the same ticker and time differ, none of them counts: which is right would be a guess.
    """
    table, line = _joined(parts)
    order = np.lexsort((line, table.ticker, table.bars.at))
    table, line = table.take(order), line[order]
    starts = np.ones(len(line), np.bool_)
    starts[1:] = (table.ticker[1:] != table.ticker[:-1]) | (table.bars.at[1:] != table.bars.at[:-1])
    group = np.cumsum(starts) - 1
    first = np.flatnonzero(starts)[group] if len(line) else group
    bars = table.bars
    values = np.stack([bars.open, bars.high, bars.low, bars.close, bars.volume])
    differs = (values != values[:, first]).any(axis=0)
    is_contradicted = np.isin(group, group[differs])
    keep = starts & ~is_contradicted
    bad_line = np.concatenate([*(part.bad_line for part in parts), line[is_contradicted]])
    bad_fault = np.concatenate(
        [*(part.bad_fault for part in parts), np.full(np.count_nonzero(is_contradicted), CONTRADICTED)]
    )
    in_file = np.argsort(bad_line, kind="stable")
    repeated = int(np.count_nonzero(~starts & ~is_contradicted))
    return BarRows(table.take(keep), line[keep], bad_line[in_file], bad_fault[in_file]), repeated


def _joined(parts: Sequence[BarRows]) -> tuple[BarTable, IntArray]:
    tickers = sorted({ticker for part in parts for ticker in part.table.tickers})
    place = {ticker: number for number, ticker in enumerate(tickers)}
    codes = [
        np.array([place[ticker] for ticker in part.table.tickers], np.int64)[part.table.ticker]
        for part in parts
        if len(part.line)
    ]
    bars = Bars.concatenate([part.table.bars for part in parts])
    ticker = np.concatenate(codes) if codes else np.empty(0, np.int64)
    line = np.concatenate([part.line for part in parts]) if parts else np.empty(0, np.int64)
    return BarTable(tickers, ticker, bars), line


def _malformed(table: pl.DataFrame) -> BoolArray:
    return table[MALFORMED].to_numpy() if MALFORMED in table.columns else np.zeros(table.height, np.bool_)


def _times(column: pl.Series, form: BarFormat) -> tuple[DateArray, BoolArray]:
    """Return when the bars begin, NaT where that cannot be told, and where it is for want of a zone."""
    has_zone = np.ones(column.len(), np.bool_)
    if form.time_column == "date":
        days = read_days(column)
        begins = begin_days(np.where(np.isnat(days), np.datetime64(0, "D"), days))
        return np.where(np.isnat(days), np.datetime64("NaT"), begins).astype("datetime64[us]"), ~has_zone
    if isinstance(column.dtype, pl.Datetime):
        has_zone[:] = column.dtype.time_zone is not None
        column = column if column.dtype.time_zone is not None else column.dt.replace_time_zone("UTC")
    else:
        has_zone = read_text(column).str.contains(_HAS_ZONE).fill_null(True).to_numpy()
    at = parse_instants(column)
    if has_zone.all():
        return at, ~has_zone
    if form.zone is None:
        return np.where(has_zone, at, np.datetime64("NaT")), ~has_zone & ~np.isnat(at)
    return np.where(has_zone, at, _in_zone(at, form.zone)), np.zeros(len(at), np.bool_)


def _in_zone(wall: DateArray, zone: str) -> DateArray:
    """Return the instants of wall-clock times, NaT for those that are skipped or repeated."""
    local = pl.Series(wall).dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    utc = local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return utc.to_numpy().astype("datetime64[us]")
