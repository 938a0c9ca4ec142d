from __future__ import annotations

import math
from dataclasses import fields
from datetime import date
from typing import Any

import pytest

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.request import BacktestRequest
from forward_factor.core.rules import ScanRules, VolPoint
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput
from forward_factor.server.web.backtest_form import MOST_TICKERS, NUMBERS, OPTIONAL, filled_in, read_form

EVERYTHING = BacktestRequest(
    tickers=("AAPL", "BRK.B"), provider="cboe", start=date(2026, 1, 2), end=date(2026, 6, 1),
    pair=("30/60", "30/90±3/4"), vol_point=VolPoint.PUT_35D, threshold=0.3, structure=Structure.PUT,
    stability=2, max_spread=0.1, min_open_interest=5, min_volume=6,
    exit_days=3, target=0.5, stop=0.4, bankroll=5_000.0, risk=0.05, win_rate=0.6,
    win_loss=1.5, capacity=0.0, max_positions=3, max_at_risk=0.5, fill=Fill.TOUCH, partial_share=0.25,
    commission=1.0, seed=11,
)  # fmt: skip


@pytest.mark.parametrize("request_", [BacktestRequest(), EVERYTHING], ids=["usual", "everything"])
def test_what_is_filled_in_is_what_is_asked_for(request_: BacktestRequest) -> None:
    assert read_form(filled_in(request_)) == request_


def test_every_parameter_is_in_the_form() -> None:
    assert filled_in(EVERYTHING).keys() == {one.name for one in fields(BacktestRequest)}
    assert set(OPTIONAL) <= {one.name for one in NUMBERS}


@pytest.mark.parametrize("value", [None, ""])
def test_empty_numbers_are_the_usual_ones(value: Any) -> None:
    empty = {one.name: value for one in NUMBERS}
    assert read_form(filled_in(BacktestRequest()) | empty) == BacktestRequest()


def test_tickers_are_told_apart_by_anything() -> None:
    assert read_form(filled_in(BacktestRequest()) | {"tickers": " aapl, meta;aapl\nbrk.b "}).tickers == (
        "AAPL", "META", "BRK.B",
    )  # fmt: skip


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.name)
def test_every_bound_is_held(one: Any) -> None:
    wrong: list[Any] = [one.low - 1, one.high * 2 + 1, math.nan, math.inf, "many", [1], {}]
    for value in wrong:
        with pytest.raises(InvalidInput, match=one.label.lower()):
            read_form(filled_in(BacktestRequest()) | {one.name: value})
    if one.is_whole:
        with pytest.raises(InvalidInput, match="whole"):
            read_form(filled_in(BacktestRequest()) | {one.name: one.low + 0.5})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tickers", "<script>"),
        ("tickers", ",".join(f"T{number}" for number in range(MOST_TICKERS + 1))),
        ("tickers", "A" * 10_000),
        ("start", "yesterday"),
        ("end", "2026-02-30"),
        ("pair", ""),
        ("pair", "60/30"),
        ("pair", "<b>30/60</b>"),
        ("vol_point", "ITM"),
        ("structure", None),
        ("fill", "best"),
        ("provider", "p" * 41),
        ("provider", "nul\0"),
        ("provider", "\ud800"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(name: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as told:
        read_form(filled_in(BacktestRequest()) | {name: value})
    assert "\0" not in str(told.value)


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(InvalidInput, match="after the end"):
        read_form(filled_in(BacktestRequest()) | {"start": "2026-02-01", "end": "2026-01-01"})
    with pytest.raises(InvalidInput, match="go together"):
        read_form(filled_in(BacktestRequest()) | {"win_rate": 0.5}).rules(ScanRules())
