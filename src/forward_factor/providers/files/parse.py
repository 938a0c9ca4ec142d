"""From a table in canonical columns to chains: pure, and a whole column at a time.

A column becomes values and the places where it cannot be read; the first thing wrong with a row is its
fault; rows without one are sorted by instant and ticker and cut into snapshots.

What the format says: ``as_of`` is UTC, so a time without a zone is UTC; a date alone or a number is no
instant. Missing is an empty field, ``nan``, an infinity, or a word for it; a text that is not a number
costs its row, as a half-read quote would be a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.core.chain import Chain, Contracts, Rejection
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import ForwardFactorError, InvalidTicker, NoSpotPrice, UnreadableChain
from forward_factor.providers.files.query import shown
from forward_factor.providers.normalise import without_placeholders
from forward_factor.services.ports import ChainFailure

PROVIDER = "files"
MALFORMED = "malformed row"
"""A boolean column beside the canonical ones: the row's number of fields is wrong."""

MISSING_WORDS = ("", "nan", "null", "none", "na", "n/a")
REASONS = (
    "unreadable_row",
    "unreadable_as_of",
    "invalid_ticker",
    "unreadable_expiry",
    "unreadable_strike",
    "unreadable_right",
    "unreadable_number",
)
"""Why a row is rejected; of several the first counts."""

FIRST_YEAR, LAST_YEAR = 1990, 2200

SPOT_TOLERANCE = 0.005
_NUMBERS = ("spot", "bid", "ask", "last", "volume", "open_interest", "iv", "delta")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH).days
_END_DAY = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH).days
_DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})"
_ZERO_TIME = r"(?:[Tt ]00:00(?::00(?:\.0{1,9})?)?(?:[Zz]|[+-]00:?00)?)?$"
_TIME = r"[Tt ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
_ZONE = r" ?(?:[Zz]|([+-][0-9]{2})(?::?([0-9]{2}))?)?$"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds.

    Attributes:
        tickers: those it has rows of, whether or not they made a chain.
        outcomes: chains by instant, then ticker; last the rows that belong to no snapshot.

    """

    tickers: frozenset[str]
    outcomes: tuple[Chain | ChainFailure, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    label: str
    as_of: DateArray
    ticker: IntArray
    tickers: list[str]
    spot: FloatArray
    fault: IntArray
    contracts: Contracts


def parse_table(table: pl.DataFrame, label: str, tickers: Collection[str] = ()) -> Reading:
    """Make the chains of a file, of ``tickers`` only where there are any.

    Args:
        table: canonical columns, at least the required ones, of any type.
        label: what to call the file in failures.
        tickers: whose chains to make; none means all.

    """
    if table.is_empty():
        return Reading(frozenset(), (ChainFailure(label, UnreadableChain(f"{label} has no rows")),))
    names = read_tickers(table["ticker"])
    if tickers:
        wanted = names.is_null() | names.is_in(list(tickers))
        table, names = table.filter(wanted), names.filter(wanted)
    rows = _rows(table, names, label)
    return Reading(frozenset(rows.tickers), (*_snapshots(rows), *_homeless(rows, table)))


def _rows(table: pl.DataFrame, names: pl.Series, label: str) -> _Rows:
    tickers = names.drop_nulls().unique().sort().to_list()
    ticker = names.cast(pl.Enum(tickers)).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    as_of, expiry = parse_instants(table["as_of"]), read_days(table["expiry"])
    strike, _ = read_numbers(table["strike"])
    is_call, is_right = _rights(table["right"])
    (spot, *values), unreadable = _all_numbers(table)
    contracts = without_placeholders(Contracts(expiry, strike, is_call, *values))
    fault = _first_fault(
        _malformed(table), np.isnat(as_of), ticker < 0, np.isnat(expiry), ~(strike > 0), ~is_right, unreadable
    )
    return _Rows(label, as_of, ticker, tickers, spot, fault, contracts)


def _all_numbers(table: pl.DataFrame) -> tuple[list[FloatArray], BoolArray]:
    """Return the columns ``_NUMBERS``, and the rows with something in one of them that is no number."""
    read = [read_numbers(_column(table, column)) for column in _NUMBERS]
    return [values for values, _ in read], np.logical_or.reduce([unreadable for _, unreadable in read])


def _column(table: pl.DataFrame, name: str) -> pl.Series:
    return table[name] if name in table.columns else pl.repeat(None, table.height, dtype=pl.Null, eager=True)


def _malformed(table: pl.DataFrame) -> BoolArray:
    return table[MALFORMED].to_numpy() if MALFORMED in table.columns else np.zeros(table.height, np.bool_)


def _first_fault(*wrong: BoolArray) -> IntArray:
    """Return for each row 0, or the place of its fault in ``REASONS`` counted from 1."""
    return np.select(wrong, list(range(1, len(wrong) + 1)), 0).astype(np.int64)


def read_text(column: pl.Series) -> pl.Series:
    """Return the column as stripped text, all missing where its type is not one of text."""
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Binary):
        return pl.repeat(None, column.len(), dtype=pl.String, eager=True)
    try:
        return column.cast(pl.String).str.strip_chars()
    except PolarsError:  # bytes that are not UTF-8
        return pl.repeat(None, column.len(), dtype=pl.String, eager=True)


def _by_distinct(text: pl.Series, read: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Read each distinct text once; there are few, so rules on them may be slow and strict."""
    distinct = text.drop_nulls().unique()
    values = read(distinct)
    return text.replace_strict(distinct, values, default=None, return_dtype=values.dtype)


def read_tickers(column: pl.Series) -> pl.Series:
    """Return the canonical tickers, null where there is none."""
    text = column.cast(pl.String) if column.dtype.is_integer() else read_text(column)
    return _by_distinct(text, lambda distinct: pl.Series(map(_canonical, distinct), dtype=pl.String))


def _canonical(text: str) -> str | None:
    try:
        return parse_ticker(text)
    except InvalidTicker:
        return None


def parse_instants(column: pl.Series) -> DateArray:
    """Return a column ``as_of`` as ``datetime64[us]`` in UTC, NaT where it cannot be read."""
    if column.dtype != pl.Datetime:
        column = _by_distinct(read_text(column), _instants_of)
    utc = _within_years(column).dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return utc.cast(pl.Datetime("us")).to_numpy().astype("datetime64[us]")


def _instants_of(text: pl.Series) -> pl.Series:
    day, minute, second, fraction, hours, minutes = text.str.extract_groups(_DAY + _TIME + _ZONE).struct.unnest()
    seconds = second.fill_null("00") + "." + fraction.fill_null("0").str.slice(0, 6)
    zone = hours.fill_null("+00") + ":" + minutes.fill_null("00")
    canonical = day + "T" + minute + ":" + seconds + zone
    return canonical.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)


def read_days(column: pl.Series) -> DateArray:
    """Return dates as ``datetime64[D]``, NaT where they cannot be read; midnight may be written with them."""
    if column.dtype == pl.Datetime:
        column = _midnights(_within_years(column).dt.replace_time_zone(None))
    elif column.dtype != pl.Date:
        column = _by_distinct(read_text(column), _days_of)
    return _within_years(column).to_numpy().astype("datetime64[D]")


def _midnights(wall: pl.Series) -> pl.Series:
    return _where(wall.to_physical() % _per_day(wall) == 0, wall.dt.date())


def _days_of(text: pl.Series) -> pl.Series:
    return text.str.extract(_DAY + _ZERO_TIME).str.to_date("%Y-%m-%d", strict=False)


def _within_years(column: pl.Series) -> pl.Series:
    """Drop instants or days outside sane years, by the stored integers: converting first may overflow."""
    first, end = _FIRST_DAY * _per_day(column), _END_DAY * _per_day(column)
    return _where(column.to_physical().is_between(first, end, closed="left"), column)


def _per_day(column: pl.Series) -> int:
    unit = getattr(column.dtype, "time_unit", None)
    return {None: 1, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}[unit]


def _where(condition: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(condition).then(values)).to_series()


def read_numbers(column: pl.Series) -> tuple[FloatArray, BoolArray]:
    """Return the column's finite numbers (else NaN), and where it holds something that is no number."""
    text = read_text(column.cast(pl.String) if column.dtype == pl.Decimal else column)
    is_number = column.dtype.is_integer() or column.dtype.is_float()
    values = (column if is_number else text).cast(pl.Float64, strict=False)
    is_word = text.str.to_lowercase().is_in(MISSING_WORDS).fill_null(False)
    unreadable = column.is_not_null() & values.is_null() & ~is_word
    numbers = values.fill_null(np.nan).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan), unreadable.to_numpy()


def _rights(column: pl.Series) -> tuple[BoolArray, BoolArray]:
    """Return where the right is a call, and where it is a right at all."""
    text = read_text(column).str.to_lowercase()
    is_call = text.is_in(["c", "call"]).fill_null(False)
    is_put = text.is_in(["p", "put"]).fill_null(False)
    return is_call.to_numpy(), (is_call | is_put).to_numpy()


def _snapshots(rows: _Rows) -> list[Chain | ChainFailure]:
    told = np.flatnonzero(~_is_homeless(rows))
    order = told[np.lexsort((rows.ticker[told], rows.as_of[told]))]
    as_of, ticker = rows.as_of[order], rows.ticker[order]
    starts = np.flatnonzero((as_of[1:] != as_of[:-1]) | (ticker[1:] != ticker[:-1])) + 1
    return [_snapshot(rows, part) for part in np.split(order, starts) if len(part)]


def _snapshot(rows: _Rows, part: IntArray) -> Chain | ChainFailure:
    ticker = rows.tickers[rows.ticker[part[0]]]
    as_of = _EPOCH + timedelta(microseconds=int(rows.as_of[part[0]].astype(np.int64)))
    readable = part[rows.fault[part] == 0]
    rejected = _rejections(rows.fault[part])
    try:
        spot = _spot(rows.spot[readable], rejected)
    except ForwardFactorError as error:
        return ChainFailure(f"{rows.label}: {ticker} {as_of:%Y-%m-%dT%H:%M:%SZ}", error)
    return Chain(ticker, as_of, spot, PROVIDER, rows.contracts.take(readable), rejected)


def _spot(values: FloatArray, rejected: tuple[Rejection, ...]) -> float:
    if not len(values):
        raise UnreadableChain(f"no row of this snapshot can be read: {_counted(rejected)}")
    usable = values[values > 0]
    if not len(usable):
        raise NoSpotPrice("no row of this snapshot has a spot above 0")
    spot = float(usable[0])
    furthest = float(usable[np.argmax(np.abs(usable - spot))])
    if abs(furthest - spot) > SPOT_TOLERANCE * spot:
        raise UnreadableChain(f"this snapshot has two spots: {spot} in its first row, {furthest} in another")
    return spot


def _rejections(fault: IntArray) -> tuple[Rejection, ...]:
    counts = np.bincount(fault, minlength=len(REASONS) + 1)[1:]
    return tuple(Rejection(reason, int(rows)) for reason, rows in zip(REASONS, counts, strict=True) if rows)


def _counted(rejections: tuple[Rejection, ...]) -> str:
    return ", ".join(f"{rejection.rows} {rejection.reason}" for rejection in rejections)


def _as_written(column: pl.Series) -> str:
    """Show the first cell; only text, as some typed values cannot even be turned into Python's."""
    if column.is_null()[0]:
        return "missing"
    text = read_text(column[:1])[0]
    return f"of type {shown(str(column.dtype))}" if text is None else shown(text)


def _is_homeless(rows: _Rows) -> BoolArray:
    return np.isnat(rows.as_of) | (rows.ticker < 0)


def _homeless(rows: _Rows, table: pl.DataFrame) -> list[ChainFailure]:
    """Report the rows whose snapshot cannot be told."""
    lost = np.flatnonzero(_is_homeless(rows))
    if not len(lost):
        return []
    as_of, ticker = (_as_written(table[column][int(lost[0]) :]) for column in ("as_of", "ticker"))
    count = f"{len(lost)} row" if len(lost) == 1 else f"{len(lost)} rows"
    reasons = _counted(_rejections(rows.fault[lost]))
    what = f"{count} of no known snapshot: {reasons}; the first has as_of {as_of}, ticker {ticker}"
    return [ChainFailure(f"{rows.label}: {count}", UnreadableChain(what))]
