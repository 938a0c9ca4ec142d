"""Pay-off of calendars at front expiry, against the slow Black-76 and what must be true of any calendar."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.pay_off import Holding, breakevens, profits, spots_around
from tests.reference.slow_black76 import Market, black_price

RATE, YEARS = 0.04, 30 / 365


def calendar(strike: float = 100.0, is_call: bool = True, debit: float = 1.5, carry: float = 1.0) -> Holding:
    return Holding(np.array([strike]), np.array([is_call]), debit, carry, YEARS, RATE)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("spot", [60.0, 97.0, 100.0, 140.0])
def test_one_calendar_is_the_back_less_the_front_less_the_debit(is_call: bool, spot: float) -> None:
    (made,) = profits(calendar(is_call=is_call, carry=1.003), np.array([spot]), 0.35)
    back = black_price(Market(spot * 1.003, YEARS, RATE), 100.0, "C" if is_call else "P", 0.35)
    intrinsic = max(spot - 100.0 if is_call else 100.0 - spot, 0.0)
    assert made == pytest.approx(back - intrinsic - 1.5, abs=1e-9)


def test_a_double_calendar_is_the_two_together() -> None:
    spot = np.linspace(70.0, 130.0, 7)
    put, call = calendar(90.0, is_call=False), calendar(110.0)
    both = Holding(np.array([90.0, 110.0]), np.array([False, True]), 3.0, 1.0, YEARS, RATE)
    assert profits(both, spot, 0.3) == pytest.approx(profits(put, spot, 0.3) + profits(call, spot, 0.3), abs=1e-12)


@given(st.floats(0.05, 2.0), st.floats(20.0, 500.0))
def test_most_is_made_at_the_strike_and_more_with_a_dearer_back(iv: float, spot: float) -> None:
    grid = spots_around(spot, 0.4, 30 / 365, np.array([100.0]))
    made = profits(calendar(carry=exp(RATE * YEARS)), grid, iv)
    assert grid[np.argmax(made)] == 100.0
    assert (profits(calendar(carry=exp(RATE * YEARS)), grid, iv + 0.1) >= made - 1e-9).all()


def test_the_grid_holds_spot_and_strikes_and_breakevens_lie_on_zero() -> None:
    grid = spots_around(100.0, 0.45, 30 / 365, np.array([90.0, 110.0]))
    assert (np.diff(grid) > 0).all()
    assert {90.0, 110.0} <= set(grid.tolist())
    made = profits(calendar(), spots_around(100.0, 0.45, 30 / 365, np.array([100.0])), 0.35)
    found = breakevens(spots_around(100.0, 0.45, 30 / 365, np.array([100.0])), made)
    assert len(found) == 2
    assert found[0] < 100.0 < found[1]
    assert profits(calendar(), np.array(found), 0.35) == pytest.approx([0.0, 0.0], abs=2e-3)
    assert breakevens(grid, np.full(len(grid), -1.0)) == ()
