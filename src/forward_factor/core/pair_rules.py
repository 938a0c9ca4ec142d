"""Pair rules as people and older programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from forward_factor.core.accounts import shown
from forward_factor.core.rules import BACK_TOLERANCE, PairRule, front_tolerance_of
from forward_factor.core.setting_values import text_of
from forward_factor.errors import InvalidInput

MOST_PAIRS = 10
LONGEST_BACK = 730
WIDEST_TOLERANCE = 60
_PAIR = re.compile(r"(\d{1,4})/(\d{1,4})(?:±(\d{1,3})/(\d{1,3}))?", re.ASCII)
_PLUS_MINUS = re.compile(r"\s*(?:±|\+/-|\+-)\s*")
_LONGEST_TEXT = 500
_SPELLINGS = {
    "front": ("front", "front_dte", "front_days", "front_target", "near"),
    "back": ("back", "back_dte", "back_days", "back_target", "far"),
    "front_tolerance": ("front_tol", "front_tolerance", "tol", "tolerance"),
    "back_tolerance": ("back_tol", "back_tolerance", "tol", "tolerance"),
}


def parse_pairs(value: object, _present: object = None) -> tuple[PairRule, ...]:
    """Return pair rules, once each: ``30/60, 30/90±5/10``, or a list of those, of numbers or of objects.

    Raises:
        InvalidInput: there are none, too many, or one that is no pair.

    """
    rules = tuple(dict.fromkeys(_parse_pair(one) for one in _listed(value)))
    if not 1 <= len(rules) <= MOST_PAIRS:
        raise InvalidInput(f"1 to {MOST_PAIRS} pairs such as 30/60 or 30/60±5/10, not {len(rules)}")
    return rules


def _listed(value: object) -> Iterable[object]:
    if isinstance(value, str):
        text = _PLUS_MINUS.sub("±", value[: _LONGEST_TEXT + 1])
        return [value] if len(text) > _LONGEST_TEXT else [one for one in re.split(r"[\s,;]+", text) if one]
    if isinstance(value, Sequence) and not (value and all(isinstance(one, int | float) for one in value)):
        return value
    return [value]


def _parse_pair(value: object) -> PairRule:
    numbers = _numbers(value)
    if numbers is None:
        raise InvalidInput(f"pairs of days such as 30/60 or 30/60±5/10, not {shown(text_of(value))}")
    front, back = numbers[:2]
    tolerances = numbers[2:] or (front_tolerance_of(front), BACK_TOLERANCE)
    if not 1 <= front < back <= LONGEST_BACK:
        raise InvalidInput(f"a front of 1 day or more before a back of at most {LONGEST_BACK}, not {front}/{back}")
    if not all(0 <= one <= WIDEST_TOLERANCE for one in tolerances):
        raise InvalidInput(f"tolerances of 0 to {WIDEST_TOLERANCE} days, not {tolerances[0]}/{tolerances[1]}")
    return PairRule(front, back, *tolerances)


def _numbers(value: object) -> tuple[int, ...] | None:
    """Return two or four whole numbers, None for what is no pair."""
    if isinstance(value, PairRule):
        return value.front, value.back, value.front_tolerance, value.back_tolerance
    if isinstance(value, str):
        found = _PAIR.fullmatch(_PLUS_MINUS.sub("±", value.strip()[:_LONGEST_TEXT]))
        return tuple(int(one) for one in found.groups() if one) if found else None
    if isinstance(value, Mapping):
        return _numbers_of_object(value)
    if isinstance(value, Sequence) and len(value) in (2, 4):
        return _all_whole([_whole(one) for one in value])
    return None


def _numbers_of_object(given: Mapping[str, object]) -> tuple[int, ...] | None:
    found = {
        name: next((given[one] for one in spellings if given.get(one) is not None), None)
        for name, spellings in _SPELLINGS.items()
    }
    front, back = _whole(found["front"]), _whole(found["back"])
    if front is None or back is None:
        return None
    unsaid = {"front_tolerance": front_tolerance_of(front), "back_tolerance": BACK_TOLERANCE}
    tolerances = [unsaid[name] if found[name] is None else _whole(found[name]) for name in unsaid]
    return _all_whole([front, back, *tolerances])


def _all_whole(numbers: Sequence[int | None]) -> tuple[int, ...] | None:
    whole = tuple(one for one in numbers if one is not None)
    return whole if len(whole) == len(numbers) else None


def _whole(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\d{1,4}", value.strip(), re.ASCII):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**4:
        return None
    return int(value) if value == int(value) else None
