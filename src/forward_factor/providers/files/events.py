"""Events from a CSV file: ``ticker,date,timing,confirmed,source`` of earnings, ``kind,amount,ratio`` of the others."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.query import printable

REQUIRED = ("ticker", "date")
COLUMNS = "ticker,date,timing,confirmed,source"
EARNINGS = "earnings"
LONGEST_SOURCE = 100
FIRST_YEAR, LAST_YEAR = 1970, 2100
_CONFIRMED = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": None}


@dataclass(frozen=True, slots=True)
class EventsReading:
    """Announcements, dividends and splits of a file, and a line for each row that could not be read."""

    earnings: tuple[EarningsEvent, ...]
    actions: tuple[CorporateAction, ...]
    faults: tuple[str, ...]


def read_events(path: Path) -> EventsReading:
    """Return the events in ``path``; a row without a ``kind`` is an announcement.

    Raises:
        InvalidInput: the file cannot be opened, is no UTF-8 CSV, or lacks a column.

    """
    earnings: list[EarningsEvent] = []
    actions: list[CorporateAction] = []
    faults: list[str] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as opened:
            rows = csv.DictReader(opened)
            _require_columns(path, rows.fieldnames or ())
            for row in rows:
                try:
                    event = _event(row)
                except (InvalidInput, ValueError) as fault:
                    faults.append(f"{printable(path.name)} line {rows.line_num}: {fault}")
                    continue
                if isinstance(event, EarningsEvent):
                    earnings.append(event)
                else:
                    actions.append(event)
    except OSError as fault:
        raise InvalidInput(f"{printable(str(path))} cannot be opened: {fault.strerror}") from fault
    except (UnicodeDecodeError, csv.Error) as fault:
        raise InvalidInput(f"{printable(path.name)} is not CSV in UTF-8: {fault}") from fault
    return EventsReading(tuple(earnings), tuple(actions), tuple(faults))


def _require_columns(path: Path, found: Sequence[str]) -> None:
    absent = [name for name in REQUIRED if name not in found]
    if absent:
        raise InvalidInput(f"{printable(path.name)} has no column {' or '.join(absent)}: it needs {COLUMNS}")


def _event(row: Mapping[str, str | None]) -> EarningsEvent | CorporateAction:
    kind = _text(row, "kind").lower()
    if kind in ("", EARNINGS):
        return _announcement(row)
    if kind not in tuple(ActionKind):
        raise ValueError(f"kind {_shown(kind)} is none of earnings, {', '.join(ActionKind)}")
    return CorporateAction(
        ticker=parse_ticker(_text(row, "ticker")),
        kind=ActionKind(kind),
        effective_on=_date(_text(row, "date")),
        amount=_number(row, "amount"),
        ratio=_ratio(_text(row, "ratio")),
        source=_source(row),
    )


def _announcement(row: Mapping[str, str | None]) -> EarningsEvent:
    timing, confirmed = _text(row, "timing").lower(), _text(row, "confirmed").lower()
    if timing not in ("", *Timing):
        raise ValueError(f"timing {_shown(timing)} is none of bmo, amc, unknown")
    if confirmed not in _CONFIRMED:
        raise ValueError(f"confirmed {_shown(confirmed)} is neither true nor false")
    return EarningsEvent(
        ticker=parse_ticker(_text(row, "ticker")),
        date=_date(_text(row, "date")),
        timing=Timing(timing or "unknown"),
        is_confirmed=_CONFIRMED[confirmed],
        source=_source(row),
    )


def _text(row: Mapping[str, str | None], name: str) -> str:
    return (row.get(name) or "").strip()


def _source(row: Mapping[str, str | None]) -> str:
    source = _text(row, "source") or "file"
    if len(source) > LONGEST_SOURCE or "\0" in source:
        raise ValueError(f"source {_shown(source)} is no text of {LONGEST_SOURCE} characters at most")
    return source


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"date {_shown(text)} is not YYYY-MM-DD") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"date {day} lies outside {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _ratio(text: str) -> float | None:
    """Return new shares for one old: ``4``, or ``4:1``, or ``3:2``; None for no text."""
    new, colon, old = text.partition(":")
    if not text:
        return None
    try:
        return float(new) / float(old) if colon else float(new)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"ratio {_shown(text)} is neither a number nor NEW:OLD") from None


def _number(row: Mapping[str, str | None], name: str) -> float | None:
    text = _text(row, name)
    try:
        number = float(text) if text else None
    except ValueError:
        number = float("nan")
    if number is not None and not isfinite(number):
        raise ValueError(f"{name} {_shown(text)} is no number")
    return number


def _shown(text: str) -> str:
    return ascii(text)[:40]
