"""Instants and days as SQLite files spell them: read exactly, or refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np

from forward_factor.core.arrays import BoolArray
from forward_factor.storage.transfer.values import EPOCH, EPOCH_DAY, Integers, Raw

FULL, WHOLE_SECONDS, DAY = 26, 19, 10
"""Lengths of ``YYYY-MM-DD HH:MM:SS.ffffff`` and its beginnings."""

_TEMPLATE = "dddd-dd-dd dd:dd:dd.dddddd"
_LOWEST = np.array([ord("0" if one == "d" else one) for one in _TEMPLATE], dtype=np.uint8)
_HIGHEST = np.array([ord("9" if one == "d" else one) for one in _TEMPLATE], dtype=np.uint8)
_NUMPY_EPOCH = np.datetime64("2000-01-01", "us")
_NUMPY_EPOCH_DAY = np.datetime64("2000-01-01", "D")
_SPELLED = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?\s?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[ T]00:00(?::00(?:\.0{1,9})?)?", re.ASCII)
_FIRST_SECOND, _LAST_SECOND = 631_152_000, 4_102_444_800
"""1990 and 2100: whole numbers between are seconds, a thousand times as many are milliseconds."""
_MICROSECONDS = 1_000_000
_EPOCH_SECOND = int(EPOCH.timestamp())


class Refusal(ValueError):
    """Why a value cannot be held."""


def fits(texts: Sequence[str], length: int) -> bool:
    """Return whether every text has the shape of an instant (or day) of ``length`` characters."""
    try:
        letters = np.array(texts, dtype=f"S{length}").view(np.uint8).reshape(-1, length)
    except UnicodeEncodeError:
        return False
    return bool(np.all((letters >= _LOWEST[:length]) & (letters <= _HIGHEST[:length])))


def read_instants(texts: Sequence[str]) -> Integers | None:
    """Return microseconds since 2000 of texts that ``fits``; None where one is no date."""
    try:
        parsed = np.array(texts, dtype="datetime64[us]")
    except ValueError:
        return None
    return None if np.isnat(parsed).any() else (parsed - _NUMPY_EPOCH).astype(np.int64)


def read_days(texts: Sequence[str]) -> Integers | None:
    """Return days since 2000 of texts that ``fits``; None where one is no date."""
    try:
        parsed = np.array(texts, dtype="datetime64[D]")
    except ValueError:
        return None
    return None if np.isnat(parsed).any() else (parsed - _NUMPY_EPOCH_DAY).astype(np.int64)


def read_instant(raw: Raw) -> int:
    """Return microseconds since 2000 of one value in whatever certain spelling.

    Raises:
        Refusal: it is no instant, or not certainly one.

    """
    if isinstance(raw, str):
        return _read_text(raw)
    if isinstance(raw, int):
        return _read_number(raw)
    raise Refusal("not a date")


def read_day(raw: Raw) -> int:
    """Return days since 2000 of one value.

    Raises:
        Refusal: it is no day.

    """
    if not isinstance(raw, str):
        raise Refusal("not a date")
    midnight = _MIDNIGHT.fullmatch(raw)
    return _day_number(midnight[1] if midnight else raw)


def instant_texts(microseconds: Integers, *, always_full: bool) -> list[str]:
    """Return instants as SQLite holds them; the fraction of a whole second only if ``always_full``."""
    texts = np.datetime_as_string(_NUMPY_EPOCH + microseconds.astype("timedelta64[us]"), unit="us").tolist()
    spaced = [f"{text[:10]} {text[11:]}" for text in texts]
    if always_full:
        return spaced
    return [text[:WHOLE_SECONDS] if text.endswith(".000000") else text for text in spaced]


def day_texts(days: Integers) -> list[str]:
    """Return days as ``YYYY-MM-DD``."""
    texts: list[str] = np.datetime_as_string(_NUMPY_EPOCH_DAY + days.astype("timedelta64[D]"), unit="D").tolist()
    return texts


def deviates(lengths: Sequence[int], microseconds: Integers, *, always_full: bool) -> BoolArray:
    """Return which instants are spelled otherwise than ``instant_texts`` would."""
    is_full: BoolArray = np.array(lengths) == FULL
    return ~is_full if always_full else is_full & (microseconds % _MICROSECONDS == 0)


def _read_text(text: str) -> int:
    found = _SPELLED.fullmatch(text)
    if found is None:
        raise Refusal("not a date")
    day, clock, fraction, zone = found.groups()
    if fraction and fraction[6:].strip("0"):
        raise Refusal("an instant finer than a microsecond")
    try:
        instant = datetime.fromisoformat(f"{day}T{clock or '00:00'}{_offset(zone)}")
    except ValueError:
        raise Refusal("not a date") from None
    seconds = int((instant.astimezone(UTC) - EPOCH).total_seconds())
    return seconds * _MICROSECONDS + int((fraction or "").ljust(6, "0")[:6])


def _offset(zone: str | None) -> str:
    if zone is None or zone in {"Z", "z", "UTC"}:
        return "+00:00"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def _read_number(number: int) -> int:
    if _FIRST_SECOND <= number < _LAST_SECOND:
        return (number - _EPOCH_SECOND) * _MICROSECONDS
    if _FIRST_SECOND <= number // 1000 < _LAST_SECOND:
        return number * 1000 - _EPOCH_SECOND * _MICROSECONDS
    raise Refusal("a number that is no certain date")


@lru_cache(maxsize=4096)
def _day_number(text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal("not a date") from None
    if len(text) != DAY:
        raise Refusal("not a date")
    return (day - EPOCH_DAY).days
