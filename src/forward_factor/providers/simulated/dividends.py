"""Quarterly dividends of the simulated market: known ahead, and, as its prices know nothing of them, small."""

from __future__ import annotations

from datetime import date, timedelta

from forward_factor.core import market_hours
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.providers.simulated.noise import stable_key
from forward_factor.providers.simulated.universe import Profile

_SOURCE = "simulated"
_MONTHS = 3
_YIELD_A_QUARTER = 0.003


def published_dividends(profile: Profile, start: date, end: date) -> list[CorporateAction]:
    """Return the dividends with ex-dates from ``start`` to ``end``, both included; every other ticker pays some."""
    chance = stable_key(profile.key, "dividends") % 1_000_003
    if chance % 2:
        return []
    first_month, day = chance % _MONTHS, 3 + chance % 20
    amount = max(round(profile.price * _YIELD_A_QUARTER, 2), 0.01)
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    due = [date(month // 12, month % 12 + 1, day) for month in months if month % _MONTHS == first_month]
    days = [one for one in map(_session_from, due) if start <= one <= end]
    return [CorporateAction(profile.ticker, ActionKind.DIVIDEND, one, amount, source=_SOURCE) for one in days]


def _session_from(day: date) -> date:
    """Return the first trading day from ``day`` on."""
    while market_hours.session_on(day) is None:
        day += timedelta(days=1)
    return day
