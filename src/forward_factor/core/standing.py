"""Where today stands among the days recorded before: rank, percentile, and the vol of a constant maturity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite, sqrt

FEWEST_DAYS = 20
"""Of fewer days nothing is said but how many there are: about a month of sessions."""
MATURITY_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The newest of a row of daily values among all of them; only days with a value count.

    Attributes:
        days: how many days have a value; ``first_on`` and ``last_on`` are the first and the last, New York dates.
        now, low, high: the value of ``last_on``, the lowest and the highest of all days, it included.
        rank: (now − low) / (high − low), 0 to 1; None where that is 0 / 0.
        percentile: share of the days before ``last_on`` whose value is below ``now``, 0 to 1.
        is_thin: fewer than ``FEWEST_DAYS``; rank and percentile are None then.

    """

    days: int
    first_on: date | None = None
    last_on: date | None = None
    now: float | None = None
    low: float | None = None
    high: float | None = None
    rank: float | None = None
    percentile: float | None = None
    is_thin: bool = True


def standing_of(values: Mapping[date, float]) -> Standing:
    """Return where the newest of ``values``, one a day in any order, stands; what is no finite number is left out."""
    known = {day: value for day, value in values.items() if isfinite(value)}
    if not known:
        return Standing(days=0)
    first_on, last_on = min(known), max(known)
    now, low, high = known[last_on], min(known.values()), max(known.values())
    is_thin = len(known) < FEWEST_DAYS
    below = sum([value < now for value in known.values()])
    return Standing(
        days=len(known),
        first_on=first_on,
        last_on=last_on,
        now=now,
        low=low,
        high=high,
        rank=None if is_thin or low == high else (now - low) / (high - low),
        percentile=None if is_thin else below / (len(known) - 1),
        is_thin=is_thin,
    )


def constant_maturity_iv(
    near_dte: int, near_iv: float, far_dte: int, far_iv: float, maturity: int = MATURITY_DAYS
) -> float | None:
    """Return the vol at ``maturity`` days, total variance (vol² x days) linear between two expiries around it.

    None where the expiries do not lie around it: nothing is extrapolated.
    """
    if not 0 < near_dte <= maturity <= far_dte:
        return None
    if near_dte == far_dte:
        return near_iv
    share = (maturity - near_dte) / (far_dte - near_dte)
    variance = (1.0 - share) * near_iv**2 * near_dte + share * far_iv**2 * far_dte
    return sqrt(variance / maturity)
