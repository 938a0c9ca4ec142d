"""Pair rules and scan rules."""

from __future__ import annotations

from math import inf, nan

import pytest

from forward_factor.core.rules import DEFAULT_PAIRS, VOL_POINTS, PairRule, ScanRules, VolPoint
from forward_factor.errors import InvalidInput


def test_defaults_are_the_domains() -> None:
    rules = ScanRules()
    assert rules.pairs == DEFAULT_PAIRS == (
        PairRule(30, 60, 5, 10), PairRule(30, 90, 5, 10), PairRule(60, 90, 10, 10),
    )  # fmt: skip
    assert rules.vol_points == (VolPoint.ATM,)
    assert (rules.risk_free_rate, rules.ff_threshold, rules.sigma_fwd_floor) == (0.04, 0.20, 0.05)
    assert (rules.max_bid_ask_pct, rules.min_open_interest, rules.min_volume) == (0.08, 100, 10)
    assert [point.value for point in VOL_POINTS] == ["ATM", "35d_put", "35d_call"]


def test_a_pair_has_the_name_users_write() -> None:
    assert [rule.name for rule in DEFAULT_PAIRS] == ["30/60", "30/90", "60/90"]
    assert [PairRule(44, 60, 5, 10).name, PairRule(45, 60, 10, 10).name] == ["44/60", "45/60"]


def test_other_tolerances_than_usual_are_another_pair() -> None:
    assert PairRule(30, 60, 7, 12).name == "30/60±7/12"
    assert PairRule(45, 60, 5, 10).name == "45/60±5/10"
    names = [PairRule(30, 60, front, back).name for front in range(12) for back in range(12)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("front", "back", "front_tolerance", "back_tolerance"),
    [(0, 30, 5, 5), (-1, 30, 5, 5), (30, 30, 5, 5), (60, 30, 5, 5), (30, 1001, 5, 5), (30, 60, -1, 5), (30, 60, 5, -1)],
)
def test_impossible_pairs(front: int, back: int, front_tolerance: int, back_tolerance: int) -> None:
    with pytest.raises(InvalidInput, match=f"pair {front}/{back}"):
        PairRule(front, back, front_tolerance, back_tolerance)


def test_the_narrowest_and_the_longest_pair() -> None:
    assert PairRule(1, 2, 0, 0).longest_dte == 2
    assert PairRule(999, 1000, 0, 30).longest_dte == 1030


def test_each_pair_once() -> None:
    with pytest.raises(InvalidInput, match="once"):
        ScanRules(pairs=(PairRule(30, 60, 0, 0), PairRule(30, 60, 0, 0)))


@pytest.mark.parametrize("rate", [0.5, -0.5, 4.0, nan, inf])
def test_a_rate_is_a_decimal(rate: float) -> None:
    with pytest.raises(InvalidInput, match="decimal"):
        ScanRules(risk_free_rate=rate)


@pytest.mark.parametrize("rate", [0.0, -0.01, 0.2])
def test_rates_of_all_signs(rate: float) -> None:
    assert ScanRules(risk_free_rate=rate).risk_free_rate == rate


def test_horizon_is_that_of_the_longest_pair_but_not_short() -> None:
    assert ScanRules(pairs=()).horizon_days == ScanRules().horizon_days == 120
    assert ScanRules(pairs=(PairRule(60, 110, 5, 11), PairRule(30, 60, 5, 10))).horizon_days == 121
