"""SQLite's values, read into columns: plain ones all at once, the rest one by one, each with a verdict.

Nothing is guessed. A value is read when it can mean one thing only; if our stores then hold it in another spelling,
the original is kept beside it. Everything else is refused with its reason, and the row goes to quarantine.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from forward_factor.storage.transfer import instants
from forward_factor.storage.transfer.catalogue import ColumnSpec, Kind
from forward_factor.storage.transfer.instants import Refusal
from forward_factor.storage.transfer.values import Raw, Values

Column = Sequence[Raw]
_NONE = type(None)
_TRUTHS = {"true": 1, "t": 1, "yes": 1, "y": 1, "on": 1, "1": 1, "false": 0, "f": 0, "no": 0, "n": 0, "off": 0, "0": 0}
_FORMS: dict[type, str] = {int: "whole number", float: "number", bytes: "binary", bytearray: "text not in UTF-8"}
_PLAIN_LENGTHS = {instants.FULL, instants.WHOLE_SECONDS}
_MOST_FORMS = 40
_LONGEST_FORM = 40
_DIGIT = re.compile(r"\d", re.ASCII)


@dataclass(slots=True)
class Reading:
    """What reading one column of a batch gave.

    Attributes:
        values: of all rows; what stands for a refused one means nothing.
        refused: reasons by row.
        originals: rows whose spelling our stores would not give back.
        plain: how all values are spelled that are not missing, where that is one way.
        spelled: how many values are spelled how, elsewhere.

    """

    values: Values
    refused: dict[int, str] = field(default_factory=dict)
    originals: set[int] = field(default_factory=set)
    plain: str = ""
    spelled: Counter[str] = field(default_factory=Counter)

    def forms(self, raw: Column) -> Counter[str]:
        """Return how many values of the column that was read are spelled how."""
        return +Counter({self.plain: len(raw) - raw.count(None)}) if self.plain else self.spelled


def read_column(spec: ColumnSpec, raw: Column, *, always_full: bool = True) -> Reading:
    """Return a column of a SQLite table as plain values.

    Args:
        spec: what the column should hold.
        raw: its values.
        always_full: whether the column's instants are commonly spelled with their fraction even where it is zero.

    """
    kinds = set(map(type, raw))
    has_gaps = _NONE in kinds
    kinds.discard(_NONE)
    reading = _READERS[spec.kind](_Column(spec, raw, kinds, has_gaps, always_full))
    if has_gaps and not spec.is_nullable:
        missing = {row: f"no value in {spec.name}" for row, value in enumerate(raw) if value is None}
        reading.refused |= missing
    return reading


def describe(value: Raw) -> str:
    """Return how a value is spelled, e.g. ``9999-99-99T99:99:99`` for an instant."""
    if isinstance(value, str):
        return _DIGIT.sub("9", value[:_LONGEST_FORM]) if value else "empty text"
    return _FORMS.get(type(value), "missing")


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A column to be read: its values, their types but for None's, and whether some are missing."""

    spec: ColumnSpec
    raw: Column
    kinds: set[type]
    has_gaps: bool
    always_full: bool


def _read_text(column: _Column) -> Reading:
    raw: Sequence[Any] = column.raw
    if column.kinds <= {str} and "\0" not in "".join(filter(None, raw) if column.has_gaps else raw):
        return Reading(Values(texts=list(raw)), plain="text")
    return _one_by_one_text(column, _verdict_text)


def _read_json(column: _Column) -> Reading:
    raw: Sequence[Any] = column.raw
    if column.kinds <= {str} and all(map(_is_json, set(raw))):
        return Reading(Values(texts=list(raw)), plain="valid JSON")
    return _one_by_one_text(column, _verdict_json)


def _read_numbers(column: _Column) -> Reading:
    if column.kinds <= {float}:
        return Reading(_numbers(column.raw, np.float64, has_gaps=column.has_gaps), plain="number")
    return _one_by_one(column, _verdict_number, np.float64)


def _read_wholes(column: _Column) -> Reading:
    if column.kinds <= {int}:
        values = _numbers(column.raw, np.int64, has_gaps=column.has_gaps)
        most = 2 ** (8 * column.spec.width - 1)
        assert values.numbers is not None
        if int(values.numbers.min(initial=0)) >= -most and int(values.numbers.max(initial=0)) < most:
            return Reading(values, plain="whole number")
    return _one_by_one(column, _verdict_whole, np.int64)


def _read_truths(column: _Column) -> Reading:
    if column.kinds <= {int} and set(column.raw) <= {0, 1, None}:
        return Reading(_numbers(column.raw, np.int64, has_gaps=column.has_gaps), plain="0 or 1")
    return _one_by_one(column, _verdict_truth, np.int64)


def _read_instants(column: _Column) -> Reading:
    if column.kinds <= {str}:
        texts: Sequence[Any] = [one for one in column.raw if one is not None] if column.has_gaps else column.raw
        lengths = list(map(len, texts))
        plain = _plain_instants(texts, lengths) if set(lengths) <= _PLAIN_LENGTHS else None
        if plain is not None:
            return _plain_reading(column, lengths, plain)
    reading = _one_by_one(column, _verdict_instant, np.int64)
    reading.originals = _odd_instants(column, reading)
    return reading


def _plain_reading(column: _Column, lengths: Sequence[int], plain: np.ndarray) -> Reading:
    full = lengths.count(instants.FULL)
    forms = +Counter({"9999-99-99 99:99:99.999999": full, "9999-99-99 99:99:99": len(lengths) - full})
    odd = np.flatnonzero(instants.deviates(lengths, plain, always_full=column.always_full)).tolist()
    if not column.has_gaps:
        return Reading(Values(numbers=plain), originals=set(odd), spelled=forms)
    rows = [row for row, value in enumerate(column.raw) if value is not None]
    return Reading(_spread(plain, rows, len(column.raw)), originals={rows[one] for one in odd}, spelled=forms)


def _read_days(column: _Column) -> Reading:
    if column.kinds <= {str}:
        different: list[Any] = sorted(set(column.raw) - {None})
        is_plain = all(len(text) == instants.DAY for text in different) and instants.fits(different, instants.DAY)
        days = instants.read_days(different) if is_plain else None
        if days is not None:
            known: dict[Raw, int | None] = dict(zip(different, days.tolist(), strict=True))
            known[None] = None
            numbers = list(map(known.__getitem__, column.raw))
            return Reading(_numbers(numbers, np.int64, has_gaps=column.has_gaps), plain="9999-99-99")
    return _one_by_one(column, _verdict_day, np.int64)


def _plain_instants(texts: Sequence[str], lengths: Sequence[int]) -> np.ndarray | None:
    for length in (instants.FULL, instants.WHOLE_SECONDS):
        some = texts if lengths.count(length) == len(texts) else [one for one in texts if len(one) == length]
        if some and not instants.fits(some, length):
            return None
    return instants.read_instants(texts)


def _odd_instants(column: _Column, reading: Reading) -> set[int]:
    assert reading.values.numbers is not None
    common = instants.instant_texts(reading.values.numbers, always_full=column.always_full)
    odd = {row for row, value in enumerate(column.raw) if value is not None and value != common[row]}
    return odd - set(reading.refused)


# What one value is: the value to store, and whether it is spelled as our stores would give it back.
Verdict = tuple[str | int | float, bool]


def _verdict_text(_spec: ColumnSpec, value: Raw) -> Verdict:
    if not isinstance(value, str):
        raise Refusal(f"{describe(value)} in a text column")
    if "\0" in value:
        raise Refusal("a NUL character")
    return value, True


def _verdict_json(spec: ColumnSpec, value: Raw) -> Verdict:
    if isinstance(value, int):
        return str(value), True  # SQLite turned the text into a number when it was stored, and will again
    if isinstance(value, float) and np.isfinite(value):
        return repr(value), True
    text, _ = _verdict_text(spec, value)
    if not _is_json(str(text)):
        raise Refusal("invalid JSON")
    return text, True


def _verdict_number(_spec: ColumnSpec, value: Raw) -> Verdict:
    if isinstance(value, float):
        return value, True
    if isinstance(value, int) and int(float(value)) == value:
        return float(value), False
    raise Refusal(f"{'text' if isinstance(value, str) else describe(value)} in a number column")


def _verdict_whole(spec: ColumnSpec, value: Raw) -> Verdict:
    if not isinstance(value, int):
        raise Refusal(f"{'text' if isinstance(value, str) else describe(value)} in a whole-number column")
    if not -(2 ** (8 * spec.width - 1)) <= value < 2 ** (8 * spec.width - 1):
        raise Refusal(f"a whole number beyond {8 * spec.width} bits")
    return value, True


def _verdict_truth(_spec: ColumnSpec, value: Raw) -> Verdict:
    if isinstance(value, int | float) and value in {0, 1}:
        return int(value), isinstance(value, int)
    if isinstance(value, str) and value.strip().lower() in _TRUTHS:
        return _TRUTHS[value.strip().lower()], False
    raise Refusal("neither true nor false")


def _verdict_instant(_spec: ColumnSpec, value: Raw) -> Verdict:
    return instants.read_instant(value), True


def _verdict_day(_spec: ColumnSpec, value: Raw) -> Verdict:
    return instants.read_day(value), isinstance(value, str) and len(value) == instants.DAY


_Judge = Callable[[ColumnSpec, Raw], Verdict]


def _one_by_one(column: _Column, verdict: _Judge, dtype: type[np.float64 | np.int64]) -> Reading:
    listed, reading = _judge(column, verdict)
    reading.values = _numbers(listed, dtype, has_gaps=None in listed)
    return reading


def _one_by_one_text(column: _Column, verdict: _Judge) -> Reading:
    listed, reading = _judge(column, verdict)
    reading.values = Values(texts=listed)  # type: ignore[arg-type]
    return reading


def _judge(column: _Column, verdict: _Judge) -> tuple[list[str | int | float | None], Reading]:
    listed: list[str | int | float | None] = []
    reading = Reading(Values(texts=[]))
    for row, value in enumerate(column.raw):
        if value is None:
            listed.append(None)
            continue
        _count_form(reading.spelled, column.spec, value)
        try:
            stored, is_common = verdict(column.spec, value)
        except Refusal as reason:
            reading.refused[row] = f"{reason} ({column.spec.name})"
            listed.append(None)
            continue
        listed.append(stored)
        if not is_common:
            reading.originals.add(row)
    return listed, reading


def _count_form(forms: Counter[str], spec: ColumnSpec, value: Raw) -> None:
    form = "text" if isinstance(value, str) and spec.kind in {Kind.TEXT, Kind.JSON} else describe(value)
    forms[form if form in forms or len(forms) < _MOST_FORMS else "other"] += 1


def _numbers(listed: Sequence[Raw], dtype: type[np.float64 | np.int64], *, has_gaps: bool) -> Values:
    """Return numbers; what is missing is 0 beneath its mask."""
    if not has_gaps:
        return Values(numbers=np.array(listed, dtype=dtype))
    missing = np.array([value is None for value in listed])
    return Values(None, np.array([0 if value is None else value for value in listed], dtype=dtype), missing)


def _spread(numbers: np.ndarray, rows: Sequence[int], count: int) -> Values:
    spread = np.zeros(count, dtype=numbers.dtype)
    missing = np.ones(count, dtype=np.bool_)
    spread[rows], missing[rows] = numbers, False
    return Values(None, spread, missing)


def _is_json(text: Raw) -> bool:
    """Return whether ``text`` is JSON as PostgreSQL reads it; NaN and the like are not."""
    if text is None:
        return True
    try:
        msgspec.json.decode(text)  # type: ignore[arg-type]
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return _is_json_by_the_letter(str(text))
    return True


def _is_json_by_the_letter(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return "\0" not in text


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


_READERS: dict[Kind, Callable[[_Column], Reading]] = {
    Kind.TEXT: _read_text,
    Kind.JSON: _read_json,
    Kind.NUMBER: _read_numbers,
    Kind.WHOLE: _read_wholes,
    Kind.TRUTH: _read_truths,
    Kind.INSTANT: _read_instants,
    Kind.DAY: _read_days,
}
