"""Bars from a CSV (also ``.csv.gz``) or Parquet file: ``ticker``, ``date`` or ``timestamp``, open to close, volume.

A file is read part by part and each part turned into columns of numbers at once, so a year of minutes of a whole
market takes some gigabytes of disk, and some hundred megabytes here. Other columns, like ``adj_close``, are not read:
adjusted prices are made when they are asked for, from splits and dividends.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl
from polars.exceptions import PanicException, PolarsError

from forward_factor.core.arrays import IntArray
from forward_factor.core.bars import BarTable, Timeframe
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.bar_parse import (
    FAULTS,
    NUMBERS,
    BarFormat,
    BarRows,
    choose_format,
    join_rows,
    parse_bars,
)
from forward_factor.providers.files.client import without_panic_traces
from forward_factor.providers.files.parse import MALFORMED
from forward_factor.providers.files.query import SUFFIXES, printable, shown

PART_BYTES, LONGEST_LINE = 8 << 20, 1 << 20
PART_ROWS = 250_000
MOST_NAMED = 20
_COLUMNS = ("ticker", "date", "timestamp", *NUMBERS)

Progress = Callable[[int, int], None]
"""Told how much of how much has been read."""


@dataclass(frozen=True, slots=True, eq=False)
class BarsReading:
    """What a file holds.

    Attributes:
        table: the good bars by time and ticker, each once.
        repeated: rows that said again what another one had said; they cost nothing.
        faults: the first rows that are left out, each with its line and why.
        left_out: how many rows are, by why.

    """

    timeframe: Timeframe
    table: BarTable
    repeated: int
    faults: tuple[str, ...]
    left_out: Mapping[str, int]


def read_bars(path: Path, timeframe: Timeframe | None, zone: str | None, progress: Progress) -> BarsReading:
    """Return the bars of a file.

    Args:
        path: a file called ``.csv``, ``.csv.gz`` or ``.parquet``.
        timeframe: None for days, which a column ``date`` says.
        zone: what times without a zone mean, an IANA name; None where they may not be.
        progress: told of bytes or rows.

    Raises:
        InvalidInput: the file cannot be read as a whole, or lacks a column.

    """
    label = printable(path.name)
    _require_zone(zone)
    if not path.name.lower().endswith(SUFFIXES):
        raise InvalidInput(f"{label} is no bar file by its name: {', '.join(SUFFIXES)}")
    try:
        is_parquet = path.name.lower().endswith(".parquet")
        parts = (_parquet_parts if is_parquet else _csv_parts)(path, timeframe, zone, progress)
        form, rows = _gathered(parts)
    except InvalidInput as fault:
        raise InvalidInput(f"{label} {fault}") from fault
    except OSError as fault:
        raise InvalidInput(f"{printable(str(path))} cannot be opened: {fault.strerror}") from fault
    found, repeated = join_rows(rows)
    named = zip(found.bad_line[:MOST_NAMED].tolist(), found.bad_fault[:MOST_NAMED].tolist(), strict=True)
    faults = tuple(f"{label} line {line}: {FAULTS[fault]}" for line, fault in named)
    counts = Counter(found.bad_fault.tolist())
    return BarsReading(
        form.timeframe, found.table, repeated, faults, {FAULTS[fault]: rows for fault, rows in sorted(counts.items())}
    )


_Part = tuple[BarFormat, pl.DataFrame, IntArray]


def _gathered(parts: Iterator[_Part]) -> tuple[BarFormat, list[BarRows]]:
    rows: list[BarRows] = []
    form: BarFormat | None = None
    for form, table, lines in parts:
        rows.append(parse_bars(table, lines, form))
    if form is None:
        raise InvalidInput("has no rows")
    return form, rows


def _require_zone(zone: str | None) -> None:
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"{ascii(zone)[:40]} is no time zone: use a name like America/New_York or UTC") from None


def _parquet_parts(path: Path, timeframe: Timeframe | None, zone: str | None, progress: Progress) -> Iterator[_Part]:
    try:
        with without_panic_traces():
            columns = _known_columns(list(pl.read_parquet_schema(path)))
            scan = pl.scan_parquet(path).select(pl.col(found).alias(name) for name, found in columns.items())
            height = int(scan.select(pl.len()).collect().item())
        form = choose_format(list(columns), timeframe, zone)
        for start in range(0, height, PART_ROWS):
            with without_panic_traces():
                table = scan.slice(start, PART_ROWS).collect()
            yield form, table, np.arange(start + 1, start + 1 + table.height)
            progress(start + table.height, height)
    except (PolarsError, PanicException) as error:
        raise InvalidInput("is not a readable Parquet file: damaged, or cut short") from error


def _csv_parts(path: Path, timeframe: Timeframe | None, zone: str | None, progress: Progress) -> Iterator[_Part]:
    size = path.stat().st_size
    line = 1
    header: list[str] | None = None
    with path.open("rb") as raw:
        for block in _blocks(raw, is_packed=path.name.lower().endswith(".gz")):
            texts = pl.Series(_decode(block, line).split("\n"), dtype=pl.String)
            numbers = np.arange(line, line + texts.len())
            line += texts.len() - 1  # a block ends at a line's end, the file perhaps in a line
            filled = (texts.str.strip_chars(" ,\t") != "").to_numpy()
            texts, numbers = texts.filter(pl.Series(filled)), numbers[filled]
            if header is None and texts.len():
                header = _header(texts[0])
                columns = _known_columns(header)
                form = choose_format(list(columns), timeframe, zone)
                texts, numbers = texts[1:], numbers[1:]
            if texts.len():
                yield form, _split(texts, header or [], columns, int(numbers[0])), numbers
            progress(raw.tell(), size)


def _blocks(raw: IO[bytes], *, is_packed: bool) -> Iterator[bytes]:
    """Yield the file in parts that end where a line does."""
    rest = b""
    try:
        source = gzip.GzipFile(fileobj=raw) if is_packed else raw
        while part := source.read(PART_BYTES):
            end = part.rfind(b"\n") + 1
            if end:
                yield rest + part[:end]
                rest = part[end:]
            else:
                rest += part
            if len(rest) > PART_BYTES + LONGEST_LINE:
                raise InvalidInput("has a line without an end")
    except EOFError as error:
        raise InvalidInput("is a gzip file cut short") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InvalidInput("is not a readable gzip file") from error
    if rest:
        yield rest


def _decode(block: bytes, line: int) -> str:
    try:
        text = block.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"is not UTF-8 text, behind line {line}") from error
    if "\0" in text:
        raise InvalidInput(f"is not text: it holds a NUL character behind line {line}")
    return text.replace("\r\n", "\n").replace("\r", " ")


def _header(line: str) -> list[str]:
    try:
        return next(csv.reader([line]))
    except csv.Error as error:
        raise InvalidInput(f"has no readable header ({error})") from error


def _known_columns(names: Sequence[str]) -> dict[str, str]:
    """Map our columns to the names they have; case and blanks don't count."""
    matched: dict[str, str] = {}
    for name in names:
        column = name.strip("\ufeff \t\r").lower()
        if column in matched:
            raise InvalidInput(f"has more than one column {shown(column)}")
        if column in _COLUMNS:
            matched[column] = name
    return matched


def _split(lines: pl.Series, header: Sequence[str], columns: Mapping[str, str], first: int) -> pl.DataFrame:
    """Return lines as text columns, and which of them have another number of fields than the header."""
    places = {str(header.index(found)): column for column, found in columns.items()}
    places[str(len(header))] = MALFORMED
    numbered = ",".join(str(position) for position in range(len(header) + 1))
    data = "\n".join([numbered, *lines.to_list()]).encode()
    try:
        with without_panic_traces():
            table = pl.read_csv(data, columns=list(places), infer_schema=False, truncate_ragged_lines=True)
    except (PolarsError, PanicException) as error:
        raise InvalidInput(f"is not readable CSV behind line {first}") from error
    if table.height != lines.len():
        raise InvalidInput(f"is not readable CSV: quotes split the lines behind line {first}")
    # where there are quotes, commas may be within them; then only fields too many are seen
    too_few = (lines.str.count_matches(",", literal=True) < len(header) - 1) & ~lines.str.contains('"', literal=True)
    return table.rename(places).with_columns(pl.col(MALFORMED).is_not_null() | too_few)
