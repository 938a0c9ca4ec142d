"""What a person, or an older program, may write as the value of a setting, and what it means.

A parser takes any value (text, number, truth, list, mapping) and the setting's present one, and returns the value as
it is kept. What it cannot take it refuses in one line that says what it would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from zoneinfo import available_timezones

from forward_factor.core.account_settings import QuietHours
from forward_factor.core.accounts import shown
from forward_factor.core.rules import VolPoint
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import HIGHEST_BANKROLL
from forward_factor.errors import InvalidInput

Parser = Callable[[object, object], object]

_NUMBER = re.compile(r"([+-]?)\s*\$?\s*(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?(e[+-]?\d{1,3})?\s*([a-z%]*)", re.ASCII)
_TIME = re.compile(r"(\d{1,2})(?::([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?)?", re.ASCII)
_SPAN = re.compile(r"([\d:.]+)\s*(?:-|–|\bto\b|\.\.)\s*([\d:.]+)", re.ASCII)
_HOURS_A_DAY = 24
_LONGEST_TEXT = 200
_TRUE, _FALSE = {"true", "on", "yes", "1"}, {"false", "off", "no", "0"}
_SHARE = {"": Decimal(1), "%": Decimal("0.01")}
_MINUTES = {**dict.fromkeys(("", "m", "min", "minutes"), Decimal(1)), **dict.fromkeys(("h", "hours"), Decimal(60))}
_STRUCTURES = {
    Structure.CALL.value: "ATM_calendar_call",
    Structure.PUT.value: "ATM_calendar_put",
    Structure.DOUBLE.value: "double_calendar",
}
_VOL_POINTS = {
    "atm": VolPoint.ATM,
    **dict.fromkeys(("35d_put", "put", "put_35d", "35dput", "35_delta_put", "35delta_put"), VolPoint.PUT_35D),
    **dict.fromkeys(("35d_call", "call", "call_35d", "35dcall", "35_delta_call", "35delta_call"), VolPoint.CALL_35D),
}
_PRIORITIES = {"standard": "standard", "normal": "standard", "high": "high", "turbo": "high", "low": "low"}


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number within bounds, both of them allowed."""

    what: str
    least: float
    most: float
    units: Mapping[str, Decimal]
    is_whole: bool = False

    def __call__(self, value: object, _present: object) -> float | int:
        number = _number(value, self.units)
        # as a float, as it is kept: 0.01 itself is a little less than the float that stands for it
        if number is None or not self.least <= float(number) <= self.most or (self.is_whole and number != int(number)):
            raise InvalidInput(f"{self.what}, not {shown(text_of(value))}")
        return int(number) if self.is_whole else float(number)


@dataclass(frozen=True, slots=True)
class _Optional:
    """A setting that may be nothing."""

    parse: Parser

    def __call__(self, value: object, present: object) -> object:
        nothing = value is None or (isinstance(value, str) and value.strip().lower() in {"none", "off", "-", ""})
        return None if nothing else self.parse(value, present)


share_of_ff = _Quantity("a decimal from -1 to 10, or a percentage (0.2 = 20%)", -1.0, 10.0, _SHARE)
share = _Quantity("a decimal from 0 to 2, or a percentage (0.08 = 8%)", 0.0, 2.0, _SHARE)
contracts = _Quantity(
    "a whole number of contracts from 0 to 10,000,000", 0, 10_000_000, {"": Decimal(1)}, is_whole=True
)
scans = _Quantity("a whole number of scans from 1 to 10", 1, 10, {"": Decimal(1)}, is_whole=True)
minutes = _Quantity("a whole number of minutes from 0 to 1440", 0, 1440, _MINUTES, is_whole=True)
optional_share_of_ff = _Optional(share_of_ff)
bankroll = _Optional(
    _Quantity("dollars, from 0.01 to 1,000,000,000,000", 0.01, HIGHEST_BANKROLL, {"": Decimal(1), "usd": Decimal(1)})
)
win_rate = _Optional(_Quantity("a decimal from 0 to 1, or a percentage (0.6 = 60%)", 0.0, 1.0, _SHARE))
win_loss_ratio = _Optional(_Quantity("mean win over mean loss, from 0.001 to 1000", 0.001, 1000.0, {"": Decimal(1)}))


def truth(value: object, _present: object) -> bool:
    """Return a yes or no."""
    word = text_of(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise InvalidInput(f"on or off, not {shown(text_of(value))}")
    return word in _TRUE


def vol_point(value: object, _present: object) -> VolPoint:
    """Return a vol point."""
    found = _VOL_POINTS.get(re.sub(r"[\s-]+", "_", text_of(value).strip().lower()))
    if found is None:
        raise InvalidInput(f"one of {', '.join(VolPoint)}, not {shown(text_of(value))}")
    return found


def structure(value: object, _present: object) -> str:
    """Return a structure, spelled as the old bot spelled those it had."""
    words = re.findall(r"[a-z]+", text_of(value).lower())
    named = [word for word in words if word in _STRUCTURES]
    if len(named) != 1 or set(words) - {"atm", "calendar", "spread", "d", *_STRUCTURES}:
        raise InvalidInput(f"one of {', '.join(_STRUCTURES)}, not {shown(text_of(value))}")
    return _STRUCTURES[named[0]]


def scan_priority(value: object, _present: object) -> str:
    """Return a scan priority; the old bot's ``turbo`` is high."""
    found = _PRIORITIES.get(text_of(value).strip().lower())
    if found is None:
        raise InvalidInput(f"one of standard, high, low, not {shown(text_of(value))}")
    return found


def timezone(value: object, _present: object) -> str:
    """Return the IANA name of a time zone, in its own case."""
    name = _zones().get(text_of(value).strip().lower().replace(" ", "_"))
    if name is None:
        raise InvalidInput(f"an IANA time zone such as Europe/Berlin, not {shown(text_of(value))}")
    return name


def quiet_hours(value: object, present: object) -> QuietHours:
    """Return quiet hours: ``22:00-08:00``, on, off, a pair of times, or a mapping that may change only a part."""
    if isinstance(value, QuietHours):
        return value
    kept = present if isinstance(present, QuietHours) else QuietHours()
    if value is None or isinstance(value, bool | int | float):
        return QuietHours(truth(value or False, None), kept.start, kept.end)
    if isinstance(value, str):
        return _quiet_from_text(value, kept)
    if isinstance(value, Mapping):
        return _quiet_from_mapping(value, kept)
    if isinstance(value, Sequence) and len(value) == 2:
        return QuietHours(True, _time(value[0]), _time(value[1]))
    raise _no_quiet_hours(value)


def text_of(value: object) -> str:
    """Return a value as text, whatever it is."""
    try:
        return str(value)[:_LONGEST_TEXT]
    except ValueError:  # a whole number of thousands of digits
        return type(value).__name__


def _quiet_from_text(text: str, kept: QuietHours) -> QuietHours:
    word = text.strip().lower()
    span = _SPAN.fullmatch(word) if len(word) <= _LONGEST_TEXT else None
    if span:
        return QuietHours(True, _time(span[1]), _time(span[2]))
    if word in _TRUE | _FALSE | {"", "none"}:
        return QuietHours(word in _TRUE, kept.start, kept.end)
    raise _no_quiet_hours(text)


def _quiet_from_mapping(given: Mapping[str, object], kept: QuietHours) -> QuietHours:
    start, end = (_first(given, names) for names in (("start", "from", "begin"), ("end", "to", "until")))
    enabled = _first(given, ("enabled", "active", "on"))
    unsaid = bool(given) and (start is not None or end is not None)
    return QuietHours(
        unsaid if enabled is None else truth(enabled, None),
        kept.start if start is None else _time(start),
        kept.end if end is None else _time(end),
    )


def _first(given: Mapping[str, object], names: Sequence[str]) -> object:
    spelled = {f"{name}{suffix}" for name in names for suffix in ("", "_time", "_hour", "_at")}
    return next((value for name, value in given.items() if str(name).lower() in spelled), None)


def _time(value: object) -> str:
    found = _TIME.fullmatch(text_of(value).strip().removesuffix(".0"))
    if found is None or isinstance(value, bool) or int(found[1]) >= _HOURS_A_DAY:
        raise InvalidInput(f"a time of day such as 22:00, not {shown(text_of(value))}")
    return f"{int(found[1]):02}:{found[2] or '00'}"


def _no_quiet_hours(value: object) -> InvalidInput:
    return InvalidInput(f"two times such as 22:00-08:00, or on, or off, not {shown(text_of(value))}")


def _number(value: object, units: Mapping[str, Decimal]) -> Decimal | None:
    """Return a number in the setting's own unit, None for what is none; a truth is no number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = text_of(value).strip().lower()
    found = _NUMBER.fullmatch(text) if len(text) < _LONGEST_TEXT else None
    if found is None or not (found[2] or (found[3] or ".") != ".") or found[5] not in units:
        return None
    return Decimal(f"{found[1]}{(found[2] or '').replace(',', '')}{found[3] or ''}{found[4] or ''}") * units[found[5]]


@cache
def _zones() -> Mapping[str, str]:
    return {name.lower(): name for name in sorted(available_timezones())}
