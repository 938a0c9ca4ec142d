"""Splits and dividends taken out of prices: hand-made numbers, and what must hold for any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.adjustments import Step, adjust, closes_needed, plan_steps
from forward_factor.core.bars import Bars, begin_days
from forward_factor.core.corporate_actions import ActionKind, CorporateAction

TODAY = date(2026, 11, 24)
MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in (9, 10, 11, 12, 13))


def days(*closes: float, first: date = MON, volume: float = 1_000.0) -> Bars:
    prices = np.array(closes)
    at = begin_days(np.datetime64(first) + np.arange(len(closes)))
    return Bars(at, prices - 1, prices + 2, prices - 3, prices, np.full(len(closes), volume))


def split(day: date, ratio: float) -> CorporateAction:
    return CorporateAction("A", ActionKind.SPLIT, day, ratio=ratio)


def dividend(day: date, amount: float | None) -> CorporateAction:
    return CorporateAction("A", ActionKind.DIVIDEND, day, amount=amount)


def adjusted(bars: Bars, actions: Sequence[CorporateAction], closes: dict[date, float] | None = None) -> Bars:
    steps, left_out = plan_steps(actions, closes or {}, MON, TODAY)
    assert left_out == []
    return adjust(bars, steps)


def test_a_split_divides_prices_and_multiplies_volumes_before_its_ex_date_only() -> None:
    found = adjusted(days(80.0, 84.0, 21.0), [split(WED, 4.0)])
    assert found.close.tolist() == [20.0, 21.0, 21.0]
    assert found.open.tolist() == [19.75, 20.75, 20.0]
    assert (found.high.tolist(), found.low.tolist()) == ([20.5, 21.5, 23.0], [19.25, 20.25, 18.0])
    assert found.volume.tolist() == [4_000.0, 4_000.0, 1_000.0]


def test_a_reverse_split_goes_the_other_way() -> None:
    found = adjusted(days(2.0, 20.0), [split(TUE, 0.1)])
    assert found.close.tolist() == pytest.approx([20.0, 20.0])
    assert found.volume.tolist() == pytest.approx([100.0, 1_000.0])


def test_a_dividend_takes_its_share_of_the_close_before_out_and_leaves_volumes() -> None:
    found = adjusted(days(50.0, 100.0, 99.0), [dividend(WED, 1.0)], {TUE: 100.0})
    assert found.close.tolist() == pytest.approx([49.5, 99.0, 99.0])
    assert found.volume.tolist() == [1_000.0] * 3


def test_several_actions_multiply() -> None:
    actions = [dividend(THU, 2.0), split(WED, 2.0), dividend(TUE, 1.0)]
    found = adjusted(days(100.0, 100.0, 50.0, 48.0), actions, {MON: 100.0, WED: 50.0})
    assert found.close.tolist() == pytest.approx([100 * 0.99 / 2 * 0.96, 100 / 2 * 0.96, 50 * 0.96, 48.0])
    assert found.volume.tolist() == [2_000.0, 2_000.0, 1_000.0, 1_000.0]


def test_on_a_day_with_both_the_dividend_is_one_a_new_share() -> None:
    found = adjusted(days(100.0, 49.0), [split(TUE, 2.0), dividend(TUE, 1.0)], {MON: 100.0})
    assert found.close.tolist() == pytest.approx([100 / 2 * (1 - 1 / 50), 49.0])


@pytest.mark.parametrize(
    ("amount", "closes", "why"),
    [
        (1.0, {}, "not stored"),
        (1.0, {MON: 100.0}, "not stored"),
        (None, {TUE: 100.0}, "nobody said"),
        (100.0, {TUE: 100.0}, "no less than"),
        (150.0, {TUE: 100.0}, "no less than"),
        (1.0, {TUE: float("nan")}, "no less than"),
        (1.0, {TUE: 0.0}, "no less than"),
    ],
)
def test_a_dividend_that_cannot_be_used_is_told_and_changes_nothing(
    amount: float | None, closes: dict[date, float], why: str
) -> None:
    steps, left_out = plan_steps([dividend(WED, amount), split(THU, 2.0)], closes, MON, TODAY)
    assert steps == [Step(THU, 0.5, 2.0)]
    assert [one.action for one in left_out] == [dividend(WED, amount)]
    assert why in left_out[0].why


def test_what_came_before_the_first_bar_or_is_only_announced_changes_nothing() -> None:
    actions = [split(MON, 3.0), split(date(2026, 11, 25), 2.0), dividend(date(2026, 11, 30), 1.0)]
    assert plan_steps(actions, {}, MON, TODAY) == ([], [])
    assert closes_needed([*actions, dividend(THU, 1.0)], MON, TODAY) == (WED,)


def test_the_close_before_is_that_of_the_last_session_not_of_the_day_before() -> None:
    after_thanksgiving = date(2025, 11, 28)
    assert closes_needed([dividend(after_thanksgiving, 1.0)], MON.replace(year=2025), TODAY) == (date(2025, 11, 26),)
    monday = [dividend(date(2026, 11, 16), 1.0)]
    assert closes_needed(monday, MON, TODAY) == (FRI,)


def test_minutes_after_hours_belong_to_their_new_york_date() -> None:
    at = np.array(["2026-11-10T23:30", "2026-11-11T00:30", "2026-11-11T14:30"], "datetime64[us]")
    ones = np.full(3, 84.0)
    found = adjust(Bars(at, ones, ones, ones, ones, ones), [Step(WED, 0.25, 4.0)])
    assert found.close.tolist() == [21.0, 21.0, 84.0]


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0.1, 10)), max_size=6, unique_by=lambda one: one[0]))
def test_returns_within_days_stay_and_so_does_turnover_by_splits(splits: list[tuple[int, float]]) -> None:
    bars = days(*np.linspace(50, 90, 10))
    found = adjusted(bars, [split(MON.replace(day=9 + place), ratio) for place, ratio in splits])
    assert found.high / found.low == pytest.approx(bars.high / bars.low)
    assert found.close * found.volume == pytest.approx(bars.close * bars.volume)
