"""Where the recorded chains are, and how to read them row by row."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import polars as pl

from .slow_domain import Row, Snapshot

ENVIRONMENT = "FORWARD_FACTOR_RECORDED_DATA"
REPOSITORY = Path(__file__).resolve().parents[2]


def recorded_dir() -> Path | None:
    """Give the directory of the recorded data, or None where there is none."""
    named = os.environ.get(ENVIRONMENT)
    path = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    return path if path.is_dir() else None


def iter_snapshots(path: Path) -> Iterator[Snapshot]:
    """Read a chain file; snapshots and their rows stay in the order of the file."""
    groups: dict[tuple[str, datetime], tuple[float, list[Row]]] = {}
    for record in read_records(path):
        key = (str(record["ticker"]), read_instant(record["as_of"]))
        spot = read_number(record["spot"])
        if spot is None:
            raise ValueError(f"{path}: no spot for {key}")
        rows = groups.setdefault(key, (spot, []))[1]
        rows.append(read_row(record))
    for (ticker, as_of), (spot, rows) in groups.items():
        yield Snapshot(ticker, as_of, spot, tuple(rows))


def read_records(path: Path) -> Iterable[Mapping[str, object]]:
    """Give the records of a .csv, .csv.gz or .parquet file."""
    if path.name.endswith(".parquet"):
        return pl.read_parquet(path).iter_rows(named=True)
    if path.name.endswith((".csv", ".csv.gz")):
        return read_csv(path)
    raise ValueError(f"{path}: neither CSV nor Parquet")


def read_csv(path: Path) -> Iterator[Mapping[str, object]]:
    """Give the records of a CSV file, every field a string."""
    if path.name.endswith(".gz"):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as packed:
            yield from csv.DictReader(packed)
    else:
        with path.open(encoding="utf-8", newline="") as plain:
            yield from csv.DictReader(plain)


def read_row(record: Mapping[str, object]) -> Row:
    """Turn a record into a contract; an absent column is a missing value."""
    strike = read_number(record["strike"])
    right = str(record["right"])
    if strike is None or right not in {"C", "P"}:
        raise ValueError(f"not a contract: {record}")
    return Row(
        expiry=read_date(record["expiry"]),
        strike=strike,
        right=right,
        bid=read_number(record.get("bid")),
        ask=read_number(record.get("ask")),
        last=read_number(record.get("last")),
        volume=read_number(record.get("volume")),
        open_interest=read_number(record.get("open_interest")),
        iv=read_number(record.get("iv")),
        delta=read_number(record.get("delta")),
    )


def read_number(value: object) -> float | None:
    """Read a number; None and an empty field are missing."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float | str):
        return float(value)
    raise TypeError(f"not a number: {value!r}")


def read_date(value: object) -> date:
    """Read a calendar date."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def read_instant(value: object) -> datetime:
    """Read an instant, which must carry its offset."""
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if instant.tzinfo is None:
        raise ValueError(f"no offset: {value!r}")
    return instant
