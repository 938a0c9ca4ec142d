"""The form of a backtest: the parameters of the command `backtest`, their bounds, and what was filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.rules import LONGEST_EXIT_DAYS
from forward_factor.core.accounts import is_storable
from forward_factor.core.pair_rules import parse_pairs
from forward_factor.core.rules import VolPoint
from forward_factor.core.structure import Structure
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput

MOST_TICKERS = 500
LONGEST_TEXT = 8_000
LONGEST_PROVIDER = 40
Values = Mapping[str, Any]
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class NumberField:
    """A number that may be filled in; ``low`` and ``high`` are its bounds, empty means the usual.

    Attributes:
        hint: its unit and what it is about.

    """

    name: str
    label: str
    hint: str
    low: float
    high: float
    step: float
    is_whole: bool = False


ENTRY = (
    NumberField(
        "threshold", "Threshold", "Smallest forward factor, 0.2 = 20 %; empty: the installation's", -10, 100, 0.05
    ),
    NumberField("stability", "Stability", "Snapshots in a row that must signal", 1, 1_000, 1, is_whole=True),
    NumberField("max_spread", "Widest spread", "(ask − bid) / mid behind a vol point, 0.08 = 8 %", 0, 10, 0.01),
    NumberField(
        "min_open_interest", "Open interest", "Contracts, at least, behind a vol point", 0, 1e9, 50, is_whole=True
    ),
    NumberField("min_volume", "Volume", "Contracts, at least, behind a vol point", 0, 1e9, 10, is_whole=True),
)
EXIT = (
    NumberField("exit_days", "Exit", "Sessions before the front expiry", 1, LONGEST_EXIT_DAYS, 1, is_whole=True),
    NumberField("target", "Target", "Gain at mid, share of the debit; empty: none", 0, 1_000, 0.1),
    NumberField("stop", "Stop", "Loss at mid, share of the debit; empty: none", 0, 1_000, 0.1),
)
SIZE = (
    NumberField("bankroll", "Bankroll", "Dollars", 1, 1e12, 10_000),
    NumberField("risk", "Risk", "Share of the bankroll a trade may lose", 0, 1, 0.01),
    NumberField("win_rate", "Win rate", "With win/loss: a quarter of Kelly instead of the risk", 0, 1, 0.05),
    NumberField("win_loss", "Win/loss", "Mean win over mean loss", 0, 1_000, 0.1),
    NumberField("capacity", "Capacity", "Largest share of volume and open interest; 0: no limit", 0, 1, 0.05),
    NumberField("max_positions", "Positions", "Open at a time, at most", 1, 1_000_000, 1, is_whole=True),
    NumberField("max_at_risk", "At risk", "Largest share of the bankroll at risk", 0, 1, 0.05),
)
COSTS = (
    NumberField("partial_share", "Partial fill", "Share of the half-spread it pays", 0, 1, 0.1),
    NumberField("commission", "Commission", "Dollars a contract and leg, in and out", 0, 1_000, 0.05),
    NumberField("seed", "Seed", "Of the bootstrap intervals", 0, 2**32 - 1, 1, is_whole=True),
)
NUMBERS = (*ENTRY, *EXIT, *SIZE, *COSTS)
OPTIONAL = ("threshold", "max_spread", "min_open_interest", "min_volume", "target", "stop", "win_rate", "win_loss")
"""Those that may stay empty; the others then have their usual value."""


def filled_in(request: BacktestRequest) -> dict[str, Any]:
    """Return the values of the form that ask for ``request``."""
    values: dict[str, Any] = {one.name: getattr(request, one.name) for one in NUMBERS}
    return values | {
        "tickers": ", ".join(request.tickers),
        "provider": request.provider or "",
        "start": request.start.isoformat() if request.start else "",
        "end": request.end.isoformat() if request.end else "",
        "pair": ", ".join(request.pair),
        "vol_point": request.vol_point.value,
        "structure": request.structure.value,
        "fill": request.fill.value,
    }


def read_form(values: Values) -> BacktestRequest:
    """Return what a filled-in form asks for.

    Raises:
        InvalidInput: a value cannot be used; says which and why.

    """
    numbers = {one.name: _number(one, values.get(one.name)) for one in NUMBERS}
    given: dict[str, Any] = {name: one for name, one in numbers.items() if one is not None or name in OPTIONAL}
    return BacktestRequest(
        tickers=_tickers(_text(values, "tickers")),
        provider=_provider(_text(values, "provider")),
        start=_day(_text(values, "start"), "first day"),
        end=_day(_text(values, "end"), "last day"),
        pair=tuple(one.name for one in parse_pairs(_text(values, "pair"))),
        vol_point=_choice(VolPoint, _text(values, "vol_point"), "vol point"),
        structure=_choice(Structure, _text(values, "structure"), "structure"),
        fill=_choice(Fill, _text(values, "fill"), "fill"),
        **given,
    )


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    text = "" if value is None else str(value).strip()
    if len(text) > LONGEST_TEXT or not is_storable(text):
        raise InvalidInput(f"{name}: this text cannot be used")
    return text


def _tickers(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(parse_ticker(one) for one in re.split(r"[\s,;]+", text) if one))
    if len(found) > MOST_TICKERS:
        raise InvalidInput(f"name at most {MOST_TICKERS} tickers, or none for all")
    return found


def _provider(text: str) -> str | None:
    if len(text) > LONGEST_PROVIDER:
        raise InvalidInput("there is no provider of so long a name")
    return text or None


def _day(text: str, what: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"the {what} is a date such as 2026-06-01") from None


def _choice(kind: type[Word], text: str, what: str) -> Word:
    try:
        return kind(text)
    except ValueError:
        raise InvalidInput(f"the {what} is one of {', '.join(kind)}") from None


def _number(one: NumberField, value: Any) -> float | int | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidInput(f"{one.label.lower()} is a number") from None
    if not isfinite(number) or not one.low <= number <= one.high:
        raise InvalidInput(f"{one.label.lower()} is from {one.low:,g} to {one.high:,g}")
    if not one.is_whole:
        return number
    if number != int(number):
        raise InvalidInput(f"{one.label.lower()} is a whole number")
    return int(number)
