"""A pair as it is written on a command line."""

from __future__ import annotations

import re

from forward_factor.core.rules import PairRule
from forward_factor.errors import InvalidInput

NEAR_DAYS, BACK_TOLERANCE = 45, 10
_PAIR = re.compile(r"(\d{1,4})/(\d{1,4})(?:(?:±|\+-|\+/-)(\d{1,3})/(\d{1,3}))?", re.ASCII)


def parse_pair(text: str) -> PairRule:
    """Return a pair such as ``30/60``, or ``30/60±5/10`` with tolerances of its own.

    Raises:
        InvalidInput: the text is no pair.

    """
    found = _PAIR.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"a pair is written 30/60 or 30/60±5/10, not {ascii(text)[:40]}")
    front, back, *tolerances = (int(one) for one in found.groups() if one is not None)
    if tolerances:
        return PairRule(front, back, *tolerances)
    return PairRule(front, back, 5 if front < NEAR_DAYS else 10, BACK_TOLERANCE)
