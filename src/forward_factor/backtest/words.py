"""Numbers as a reader meets them, on the page and in the terminal; a dash for what cannot be had."""

from __future__ import annotations

from datetime import datetime
from math import isfinite

from forward_factor.backtest.intervals import Interval
from forward_factor.backtest.metrics import Drawdown
from forward_factor.backtest.results import SweepResult
from forward_factor.backtest.sharpe import Sharpe

DASH, MINUS = "–", "−"


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with thousands set off."""
    if value is None or not isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    return text.replace("-", MINUS) if float(text.replace(",", "")) else text.lstrip("-")


def dollars(value: float | None, digits: int = 2) -> str:
    """Return an amount with its sign before the dollar."""
    text = number(value, digits)
    if text == DASH:
        return text
    return f"{MINUS}${text[1:]}" if text.startswith(MINUS) else f"${text}"


def price(value: float | None) -> str:
    """Return a price with the digits it has, two at the least."""
    if value is None or not isfinite(value):
        return DASH
    text = f"{value:.6f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.split(".")[1]))


def percent(value: float | None, digits: int = 1) -> str:
    """Return a decimal as percent."""
    text = number(None if value is None else 100.0 * value, digits)
    return text if text == DASH else f"{text} %"


def instant(at: datetime | None) -> str:
    """Return an instant in UTC, to the minute."""
    return DASH if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def words(code: str) -> str:
    """Return a code as words."""
    return code.replace("_", " ")


def sharpe(one: Sharpe | None) -> str:
    """Return a Sharpe ratio with its standard error."""
    return DASH if one is None else f"{number(one.value)} ± {number(one.standard_error)}"


def share_range(one: Interval | None) -> str:
    """Return a share with its interval."""
    return DASH if one is None else f"{percent(one.value, 0)} ({percent(one.low, 0)} to {percent(one.high, 0)})"


def dollar_range(one: Interval | None) -> str:
    """Return an amount with its interval."""
    return DASH if one is None else f"{dollars(one.value, 0)} ({dollars(one.low, 0)} to {dollars(one.high, 0)})"


def drawdown(one: Drawdown) -> str:
    """Return how far equity fell."""
    return f"{dollars(one.dollars, 0)}, {percent(one.share)}"


def sweep_verdict(sweep: SweepResult) -> str:
    """Return in a sentence what the best of the trials is worth."""
    if sweep.best is None or sweep.deflated is None:
        return f"{sweep.trial_count:,} trials; none has a Sharpe ratio."
    best = sweep.trials[sweep.best]
    return (
        f"{sweep.trial_count:,} trials. The best has a Sharpe of {sharpe(best.sharpe)}; the best of so many worthless "
        f"ones would show {number(sweep.expected_best)}. The probability that its true Sharpe is above 0, given how it "
        f"was picked (deflated Sharpe), is {percent(sweep.deflated)}."
    )
