"""Which expiries make a pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.pairing import NO_CURVE, choose_pair
from forward_factor.core.quotes import Curves
from forward_factor.core.rules import PairRule
from tests.unit.core.small_chains import day

RULE = PairRule(30, 60, 5, 10)


def curves_of(*chains: list[int]) -> Curves:
    dte = np.array([one for chain in chains for one in chain], dtype=np.int64)
    owner = np.repeat(np.arange(len(chains)), [len(chain) for chain in chains])
    expiry = np.array([day(int(one)) for one in dte], dtype="datetime64[D]")
    return Curves(owner, expiry, dte, dte / 365, np.full(len(dte), 100.0))


def chosen(dtes: list[int], rule: PairRule = RULE) -> tuple[int | None, int | None]:
    """Return the dte of front and back."""
    front, back = choose_pair(curves_of(dtes), 1, rule)
    front_dte, back_dte = (None if place[0] == NO_CURVE else dtes[place[0]] for place in (front, back))
    return front_dte, back_dte


@pytest.mark.parametrize(
    ("dtes", "expected"),
    [
        ([30, 60], (30, 60)),
        ([25, 35, 50, 70], (25, 50)),
        ([26, 33, 34, 58, 61], (33, 61)),
        ([29, 31, 59, 61], (29, 59)),
        ([24, 36, 49, 71], (None, None)),
        ([25, 70], (25, 70)),
        ([35, 50], (35, 50)),
        ([30], (30, None)),
        ([60], (None, 60)),
        ([], (None, None)),
    ],
)
def test_nearest_within_tolerance_the_earlier_of_two(dtes: list[int], expected: tuple[int | None, int | None]) -> None:
    assert chosen(dtes) == expected


def test_zero_tolerance_takes_the_target_only() -> None:
    rule = PairRule(30, 60, 0, 0)
    assert chosen([29, 30, 31, 59, 60], rule) == (30, 60)
    assert chosen([29, 61], rule) == (None, None)


def test_one_expiry_cannot_be_front_and_back() -> None:
    overlapping = PairRule(30, 35, 10, 10)
    assert chosen([33], overlapping) == (33, None)
    assert chosen([31, 33], overlapping) == (31, 33)


def test_a_back_before_the_front_is_no_back() -> None:
    assert chosen([33, 41], PairRule(40, 41, 20, 8)) == (41, None)


def test_each_chain_has_its_own_pair() -> None:
    curves = curves_of([10, 30, 60], [], [60], [28, 31, 33, 90], [35, 50])
    front, back = choose_pair(curves, 5, RULE)
    assert front.tolist() == [1, NO_CURVE, NO_CURVE, 5, 8]
    assert back.tolist() == [2, NO_CURVE, 3, NO_CURVE, 9]


def test_no_chains() -> None:
    front, back = choose_pair(curves_of(), 0, RULE)
    assert len(front) == len(back) == 0


@given(st.sets(st.integers(1, 130)), st.integers(1, 60), st.integers(1, 60), st.integers(0, 20), st.integers(0, 20))
def test_equals_the_rule_word_for_word(dtes: set[int], target: int, gap: int, front_tol: int, back_tol: int) -> None:
    def nearest(day_count: int, tolerance: int) -> int | None:
        within = [dte for dte in dtes if abs(dte - day_count) <= tolerance]
        return min(within, key=lambda dte: (abs(dte - day_count), dte), default=None)

    front, back = nearest(target, front_tol), nearest(target + gap, back_tol)
    if front is not None and back is not None and back <= front:
        back = None
    assert chosen(sorted(dtes), PairRule(target, target + gap, front_tol, back_tol)) == (front, back)
