"""What an instant means to the market: which session's state is shown, and how far that session is.

Prices move in trading time: one unit a weekday, a quarter of it overnight and the rest evenly over the
session. Outside of a session time stands where the last one left it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from forward_factor.core import market_hours
from forward_factor.core.chain import new_york_date

OVERNIGHT = 0.25
"""The share of a weekday that passes between its sessions."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in trading time.

    Attributes:
        day: New York date of the session that is on, or was on last.
        time: trading time.
        elapsed: share of the session that is over, 1 after its close.

    """

    day: date
    time: float
    elapsed: float


@lru_cache(maxsize=256)
def moment_at(instant: datetime) -> Moment:
    """Return the moment the market shows at an aware instant."""
    session = market_hours.session_on(new_york_date(instant))
    if session is None or instant < session.opens_at:
        session = market_hours.previous_session(instant)
    elapsed = min((instant - session.opens_at) / session.length, 1.0)
    gone_today = OVERNIGHT + (1.0 - OVERNIGHT) * elapsed
    return Moment(session.day, previous_close_time(session.day) + gone_today, elapsed)


def previous_close_time(day: date) -> float:
    """Return the trading time at which a weekday begins, which is when the one before it closed."""
    weeks, weekday = divmod(day.toordinal() - 1, 7)
    return float(weeks * 5 + min(weekday, 5))
