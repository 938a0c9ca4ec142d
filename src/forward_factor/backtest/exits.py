"""When an open position is closed, and at what: before expiry, by target or stop, or settled."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from forward_factor.backtest.moments import Leg, Moment
from forward_factor.backtest.rules import ExitRules
from forward_factor.backtest.soundness import intrinsic_value
from forward_factor.backtest.splits import Standing
from forward_factor.backtest.trades import Closing, ExitPrice, ExitReason, Marked, Opening
from forward_factor.core.chain import NEW_YORK
from forward_factor.core.market_hours import latest_close, trading_days_between

_DAY = timedelta(days=1)


@lru_cache(maxsize=4096)
def exit_day(front_expiry: date, sessions_before: int) -> date:
    """Return the ``sessions_before``-th day with a session before the front expiry."""
    start = front_expiry - timedelta(days=2 * sessions_before + 14)
    return trading_days_between(start, front_expiry - _DAY)[-sessions_before]


@lru_cache(maxsize=4096)
def settlement_instant(front_expiry: date) -> datetime:
    """Return the close of the last session on or before the front expiry."""
    return latest_close(datetime.combine(front_expiry + _DAY, time(0), NEW_YORK).astimezone(UTC))


def mark(standing: Standing, moment: Moment) -> Marked | None:
    """Return the quotes of all legs, None unless the whole trade is sound."""
    rungs = moment.sound_rungs(standing.legs)
    return None if rungs is None else Marked(moment.at, moment.spot, tuple(rung.quote for rung in rungs), standing)


def close_reason(opening: Opening, marked: Marked, day: date, rules: ExitRules) -> ExitReason | None:
    """Return why a position is closed at a mark of ``day``, None where it stays open."""
    if day >= opening.exits_on:
        return ExitReason.BEFORE_EXPIRY
    value, debit = marked.value, opening.debit_at_mid
    if rules.stop is not None and value <= (1.0 - rules.stop) * debit:
        return ExitReason.STOP
    if rules.target is not None and value >= (1.0 + rules.target) * debit:
        return ExitReason.TARGET
    return None


def close_at(marked: Marked, reason: ExitReason, at: datetime | None = None) -> Closing:
    """Return the closing of all legs at the quotes of a mark, at its own instant or at ``at``."""
    prices = tuple(ExitPrice(quote) for quote in marked.quotes)
    return Closing(reason, at or marked.at, marked.at, marked.spot, prices, marked.standing)


def settle(standing: Standing, moment: Moment) -> Closing:
    """Return the closing after the front has expired: fronts at intrinsic value, backs at their bid."""
    prices = tuple(_settled(leg, moment) for leg in standing.legs)
    return Closing(ExitReason.SETTLED, moment.at, moment.at, moment.spot, prices, standing)


def _settled(leg: Leg, moment: Moment) -> ExitPrice:
    rung = moment.sound_rung(leg) if leg.sign > 0 else None
    if rung is not None:
        return ExitPrice(rung.quote, rung.quote.bid)
    return ExitPrice(None, intrinsic_value(leg.strike, moment.spot, is_call=leg.is_call))
