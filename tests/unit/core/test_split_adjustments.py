"""Splits at open decisions: exactly what they change, once, and how a corrected word is put right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.decisions import profit
from forward_factor.core.split_adjustments import (
    Adjustment,
    AdjustmentState,
    Holding,
    Terms,
    distinct_splits,
    plan_adjustments,
    whole_ratio,
)

ADJUSTED, TAKEN_BACK, NEEDS_LOOK = AdjustmentState
NOW = datetime(2026, 6, 9, 18, tzinfo=UTC)
HELD = Holding(Terms(10, 4.9), date(2026, 6, 1), date(2026, 7, 31))


def split(day: str, ratio: float) -> CorporateAction:
    return CorporateAction("AAA", ActionKind.SPLIT, date.fromisoformat(day), ratio=ratio)


def terms_after(steps: tuple[Adjustment, ...], holding: Holding = HELD) -> Terms:
    return steps[-1].after if steps else holding.terms


def test_seven_for_one_is_seven_times_as_many_at_a_seventh() -> None:
    (step,) = plan_adjustments(HELD, [split("2026-06-09", 7)], (), NOW)
    assert (step.state, step.revision, step.before, step.after) == (ADJUSTED, 1, HELD.terms, Terms(70, 4.9 / 7))
    assert profit(step.after.entry_price, 1.0, step.after.contracts) == pytest.approx((7.0 - 4.9) * 10 * 100)


@pytest.mark.parametrize(
    ("day", "entered", "ends", "concerns"),
    [
        ("2026-06-09", "2026-06-08", "2026-07-31", True),
        ("2026-06-09", "2026-06-09", "2026-07-31", False),  # entered at prices after the split
        ("2026-06-10", "2026-06-01", "2026-07-31", False),  # not before its day
        ("2026-06-09", "2026-06-01", "2026-06-09", True),
        ("2026-06-09", "2026-06-01", "2026-06-08", False),  # nothing was left of it
        ("2026-06-09", None, "2026-07-31", False),
        ("2026-06-09", "2026-06-01", None, True),
    ],
)
def test_a_split_concerns_what_was_entered_before_it_and_still_lives(
    day: str, entered: str | None, ends: str | None, *, concerns: bool
) -> None:
    holding = Holding(
        HELD.terms, date.fromisoformat(entered) if entered else None, date.fromisoformat(ends) if ends else None
    )
    assert bool(plan_adjustments(holding, [split(day, 2)], (), NOW)) is concerns


def test_a_split_begins_at_midnight_in_new_york() -> None:
    eve = datetime(2026, 6, 9, 3, 59, tzinfo=UTC)
    assert plan_adjustments(HELD, [split("2026-06-09", 2)], (), eve) == ()
    assert plan_adjustments(HELD, [split("2026-06-09", 2)], (), eve.replace(hour=4, minute=0)) != ()


@pytest.mark.parametrize("ratio", [0.1, 1.5, 1.05, 2.5, 1000.0, 1e300])
def test_odd_and_reverse_splits_are_for_the_user(ratio: float) -> None:
    (step,) = plan_adjustments(HELD, [split("2026-06-09", ratio)], (), NOW)
    assert (step.state, step.after, whole_ratio(ratio)) == (NEEDS_LOOK, HELD.terms, None)
    assert plan_adjustments(HELD, [split("2026-06-09", ratio)], (step,), NOW) == ()


def test_what_nobody_said_stays_unsaid_and_too_many_are_for_the_user() -> None:
    (step,) = plan_adjustments(replace(HELD, terms=Terms(None, None)), [split("2026-06-09", 4)], (), NOW)
    assert (step.state, step.after) == (ADJUSTED, Terms(None, None))
    (step,) = plan_adjustments(replace(HELD, terms=Terms(900_000, 1.0)), [split("2026-06-09", 4)], (), NOW)
    assert (step.state, step.after) == (NEEDS_LOOK, Terms(900_000, 1.0))


def test_a_split_said_twice_or_moved_is_one() -> None:
    said = [split("2026-06-05", 10), split("2026-06-08", 10), split("2026-06-08", 10)]
    assert [one.effective_on.day for one in distinct_splits(said)] == [5]
    steps = plan_adjustments(HELD, said, (), NOW)
    assert [step.after.contracts for step in steps] == [100]
    assert plan_adjustments(replace(HELD, terms=terms_after(steps)), said, steps, NOW) == ()
    assert distinct_splits([split("2026-06-05", 1)]) == ()


def test_a_corrected_ratio_is_taken_back_and_applied_anew() -> None:
    first = plan_adjustments(HELD, [split("2026-06-09", 7)], (), NOW)
    held = replace(HELD, terms=terms_after(first))
    steps = plan_adjustments(held, [split("2026-06-09", 4)], first, NOW)
    assert [(one.state, one.revision, one.ratio) for one in steps] == [(TAKEN_BACK, 2, 7), (ADJUSTED, 3, 4)]
    assert (steps[0].after, steps[1].after) == (HELD.terms, Terms(40, 4.9 / 4))


def test_a_removed_split_is_taken_back_and_may_come_again() -> None:
    first = plan_adjustments(HELD, [split("2026-06-09", 7)], (), NOW)
    held = replace(HELD, terms=terms_after(first))
    (back,) = plan_adjustments(held, [], first, NOW)
    assert (back.state, back.after) == (TAKEN_BACK, HELD.terms)
    assert plan_adjustments(HELD, [], (*first, back), NOW) == ()
    (again,) = plan_adjustments(HELD, [split("2026-06-09", 7)], (*first, back), NOW)
    assert (again.state, again.revision, again.after) == (ADJUSTED, 3, first[0].after)


def test_the_earlier_of_two_splits_can_be_taken_back() -> None:
    both = [split("2026-06-03", 2), split("2026-06-08", 3)]
    steps = plan_adjustments(HELD, both, (), NOW)
    assert [one.after.contracts for one in steps] == [20, 60]
    (back,) = plan_adjustments(replace(HELD, terms=terms_after(steps)), both[1:], steps, NOW)
    assert (back.effective_on.day, back.after.contracts) == (3, 30)
    assert back.after.entry_price == pytest.approx(4.9 / 3)


@pytest.mark.parametrize("said", [[], [split("2026-06-09", 4)]])
def test_who_changed_the_decision_since_is_asked_to_look(said: list[CorporateAction]) -> None:
    first = plan_adjustments(HELD, [split("2026-06-09", 7)], (), NOW)
    amended = replace(HELD, terms=Terms(65, 0.7))
    (step,) = plan_adjustments(amended, said, first, NOW)
    assert (step.state, step.after) == (NEEDS_LOOK, amended.terms)
    assert plan_adjustments(amended, said, (*first, step), NOW) == ()


@given(
    contracts=st.integers(1, 1000),
    price=st.floats(0.01, 1e4),
    ratios=st.lists(st.integers(2, 20), min_size=1, max_size=3, unique=True),
)
def test_nothing_is_won_or_lost_by_a_split(contracts: int, price: float, ratios: list[int]) -> None:
    holding = replace(HELD, terms=Terms(contracts, price))
    splits = [split(f"2026-06-0{2 + place}", ratio) for place, ratio in enumerate(ratios)]
    steps = plan_adjustments(holding, splits, (), NOW)
    for step in steps:
        if step.state is ADJUSTED:
            assert profit(step.before.entry_price, 0.0, step.before.contracts) == pytest.approx(
                profit(step.after.entry_price, 0.0, step.after.contracts)
            )
    done = replace(holding, terms=terms_after(steps, holding))
    assert plan_adjustments(done, splits, steps, NOW) == ()
