"""The score of a candidate."""

from __future__ import annotations

from math import inf, log, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.quality import quality_scores

POSITIVE = st.floats(0.0, 1e6)


def score(
    spread: float = 0.0, open_interest: float = 1e4, volume: float = 1e4, width: float = 0.0, flags: int = 0
) -> float:
    spreads, interests, volumes, widths = (np.array([value]) for value in (spread, open_interest, volume, width))
    return float(quality_scores(spreads, interests, volumes, widths, np.array([flags]))[0])


def test_the_best_is_one() -> None:
    assert score() == 1.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (score(spread=0.08), 0.5**0.25),
        (score(open_interest=99), (log(100) / log(1001)) ** 0.25),
        (score(volume=9), (log(10) / log(101)) ** 0.25),
        (score(width=1.0), 0.5**0.25),
        (score(flags=2), 0.64),
        (score(0.04, 1000, 100, 1.0, 1), 0.375**0.25 * 0.8),
    ],
)
def test_each_part_by_the_formula(value: float, expected: float) -> None:
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value", [score(spread=nan), score(open_interest=nan), score(volume=nan), score(width=nan)])
def test_a_missing_part_counts_as_the_worst(value: float) -> None:
    assert value == 0.0


@pytest.mark.parametrize("count", [0.0, -0.5, -1.0, -5.0, -inf])
def test_no_count_is_the_worst_count(count: float) -> None:
    assert score(open_interest=count) == score(volume=count) == 0.0


def test_a_spread_at_or_beyond_the_worst() -> None:
    assert score(spread=0.16) == score(spread=5.0) == score(spread=inf) == 0.0


def test_each_candidate_has_its_own() -> None:
    found = quality_scores(np.array([0.08, nan]), np.full(2, 1e4), np.full(2, 1e4), np.zeros(2), np.array([0, 3]))
    assert found.tolist() == [pytest.approx(0.5**0.25), 0.0]


@given(st.floats(0.0, 0.2), POSITIVE, POSITIVE, st.floats(0.0, 50.0), st.integers(0, 5), st.floats(1.0, 10.0))
def test_from_zero_to_one_and_never_better_for_worse_numbers(
    spread: float, open_interest: float, volume: float, width: float, flags: int, factor: float
) -> None:
    one = score(spread, open_interest, volume, width, flags)
    assert 0.0 <= one <= 1.0
    assert score(spread * factor, open_interest, volume, width, flags) <= one
    assert score(spread, open_interest / factor, volume, width, flags) <= one
    assert score(spread, open_interest, volume / factor, width, flags) <= one
    assert score(spread, open_interest, volume, width * factor, flags) <= one
    assert score(spread, open_interest, volume, width, flags + 1) <= one
