"""Earnings dates from a CSV file: ``ticker,date,timing,confirmed,source``."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput, InvalidTicker
from forward_factor.providers.files.query import printable

REQUIRED = ("ticker", "date")
_CONFIRMED = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": None}


@dataclass(frozen=True, slots=True)
class EarningsReading:
    """Announcements of a file, and a line for each row that could not be read."""

    events: tuple[EarningsEvent, ...]
    faults: tuple[str, ...]


def read_earnings(path: Path) -> EarningsReading:
    """Return the announcements in ``path``.

    Raises:
        InvalidInput: the file cannot be opened, is no UTF-8 CSV, or lacks a column.

    """
    events, faults = [], []
    try:
        with path.open(newline="", encoding="utf-8-sig") as opened:
            rows = csv.DictReader(opened)
            _require_columns(path, rows.fieldnames or ())
            for row in rows:
                try:
                    events.append(_event(row))
                except (InvalidTicker, ValueError) as fault:
                    faults.append(f"{printable(path.name)} line {rows.line_num}: {fault}")
    except OSError as fault:
        raise InvalidInput(f"{printable(str(path))} cannot be opened: {fault.strerror}") from fault
    except (UnicodeDecodeError, csv.Error) as fault:
        raise InvalidInput(f"{printable(path.name)} is not CSV in UTF-8: {fault}") from fault
    return EarningsReading(tuple(events), tuple(faults))


def _require_columns(path: Path, found: Sequence[str]) -> None:
    absent = [name for name in REQUIRED if name not in found]
    if absent:
        raise InvalidInput(
            f"{printable(path.name)} has no column {' or '.join(absent)}: it needs ticker,date,timing,confirmed,source"
        )


def _event(row: Mapping[str, str | None]) -> EarningsEvent:
    timing, confirmed = _text(row, "timing").lower(), _text(row, "confirmed").lower()
    if timing not in ("", *Timing):
        raise ValueError(f"timing {ascii(timing)[:40]} is none of bmo, amc, unknown")
    if confirmed not in _CONFIRMED:
        raise ValueError(f"confirmed {ascii(confirmed)[:40]} is neither true nor false")
    return EarningsEvent(
        ticker=parse_ticker(_text(row, "ticker")),
        date=_date(_text(row, "date")),
        timing=Timing(timing or "unknown"),
        is_confirmed=_CONFIRMED[confirmed],
        source=_text(row, "source") or "file",
    )


def _text(row: Mapping[str, str | None], name: str) -> str:
    return (row.get(name) or "").strip()


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"date {ascii(text)[:40]} is not YYYY-MM-DD") from None
