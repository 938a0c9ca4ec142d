"""Rank, percentile and the vol of a constant maturity: what they promise of any numbers, and a few by hand."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.standing import FEWEST_DAYS, Standing, constant_maturity_iv, standing_of

FIRST = date(2026, 1, 2)
NUMBERS = st.floats(-10, 10, allow_subnormal=False).map(lambda value: round(value, 6))
ENOUGH = st.lists(NUMBERS, min_size=FEWEST_DAYS, max_size=80)


def by_day(values: list[float]) -> dict[date, float]:
    return {FIRST + timedelta(days=number): value for number, value in enumerate(values)}


def test_by_hand() -> None:
    values = by_day([0.1, 0.5, 0.3, *[0.2] * 16, 0.3])
    assert standing_of(values) == Standing(
        days=20,
        first_on=FIRST,
        last_on=FIRST + timedelta(days=19),
        now=0.3,
        low=0.1,
        high=0.5,
        rank=(0.3 - 0.1) / (0.5 - 0.1),
        percentile=17 / 19,
        is_thin=False,
    )


@given(ENOUGH)
def test_plain_loops_find_the_same(values: list[float]) -> None:
    found = standing_of(by_day(values))
    low = high = values[0]
    below = 0
    for value in values:
        low, high = min(low, value), max(high, value)
        below += value < values[-1]
    assert (found.days, found.now, found.low, found.high) == (len(values), values[-1], low, high)
    assert found.percentile == below / (len(values) - 1)
    assert found.rank == (None if low == high else (values[-1] - low) / (high - low))


@given(ENOUGH)
def test_both_lie_between_0_and_1_and_say_the_same_at_the_ends(values: list[float]) -> None:
    found = standing_of(by_day(values))
    assert found.percentile is not None
    assert 0.0 <= found.percentile <= 1.0
    if found.rank is None:
        assert len(set(values)) == 1
        assert found.percentile == 0.0
        return
    assert 0.0 <= found.rank <= 1.0
    assert (found.rank == 0.0) == (values[-1] == min(values)) == (found.percentile == 0.0)
    assert (found.rank == 1.0) == (values[-1] == max(values))


@given(ENOUGH, st.randoms())
def test_the_order_in_which_days_come_does_not_matter(values: list[float], chance: object) -> None:
    days = list(by_day(values).items())
    chance.shuffle(days)  # type: ignore[attr-defined]
    assert standing_of(dict(days)) == standing_of(by_day(values))


@given(ENOUGH, st.sampled_from([0.25, 2.0, 4096.0]), st.integers(-8, 8))
def test_scale_and_level_do_not_matter(values: list[float], scale: float, level: int) -> None:
    found = standing_of(by_day(values))
    other = standing_of(by_day([scale * value for value in values]))
    assert (other.rank, other.percentile) == (found.rank, found.percentile)
    lifted = standing_of(by_day([value + level for value in values]))
    assert found.rank is None or lifted.rank is None or lifted.rank == pytest.approx(found.rank, abs=1e-6)


@given(ENOUGH, st.lists(st.sampled_from([nan, inf, -inf]), max_size=9))
def test_what_is_no_number_is_no_day(values: list[float], broken: list[float]) -> None:
    days = by_day(values)
    holes = {FIRST - timedelta(days=1 + number): value for number, value in enumerate(broken)}
    assert standing_of({**holes, **days}) == standing_of(days)


@given(st.lists(NUMBERS, max_size=FEWEST_DAYS - 1))
def test_of_too_few_days_nothing_is_said_but_how_many(values: list[float]) -> None:
    found = standing_of(by_day(values))
    assert (found.days, found.rank, found.percentile, found.is_thin) == (len(values), None, None, True)
    assert found.now == (values[-1] if values else None)


VOLS = st.floats(0.01, 3.0)


@given(st.integers(1, 30), VOLS, st.integers(30, 700), VOLS)
def test_a_constant_maturity_lies_between_its_expiries(near: int, near_iv: float, far: int, far_iv: float) -> None:
    found = constant_maturity_iv(near, near_iv, far, far_iv)
    assert found is not None
    if near == far:
        assert found == near_iv
        return
    variance, ends = found**2 * 30, (near_iv**2 * near, far_iv**2 * far)
    assert min(ends) * (1 - 1e-12) <= variance <= max(ends) * (1 + 1e-12)
    straight = ends[0] + (ends[1] - ends[0]) * (30 - near) / (far - near)
    assert variance == pytest.approx(straight, rel=1e-9)


def test_a_constant_maturity_by_hand_and_never_beyond_its_expiries() -> None:
    assert constant_maturity_iv(30, 0.4, 60, 0.3) == pytest.approx(0.4)
    assert constant_maturity_iv(10, 0.4, 30, 0.3) == pytest.approx(0.3)
    assert constant_maturity_iv(20, 0.3, 40, 0.3) == pytest.approx(0.3)
    assert constant_maturity_iv(20, 0.4, 50, 0.3) == pytest.approx((3.2 * 2 / 3 + 4.5 / 3) ** 0.5 / 30**0.5)
    assert constant_maturity_iv(31, 0.4, 60, 0.3) is None
    assert constant_maturity_iv(10, 0.4, 29, 0.3) is None
    assert constant_maturity_iv(0, 0.4, 60, 0.3) is None
