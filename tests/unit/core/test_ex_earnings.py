"""Whole term structures without the jumps of announcements."""

from __future__ import annotations

from datetime import timedelta
from math import expm1, sqrt

import numpy as np
import pytest

from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.ex_earnings import first_announcements, strip_earnings
from forward_factor.core.reasons import Reason, reasons_in
from forward_factor.core.rules import VOL_POINTS, PairRule, ScanRules
from tests.chains import TODAY, priced_chain
from tests.unit.core.small_chains import ALL_POINTS, day, scan_one, structures_of

ALL = np.arange(len(VOL_POINTS))
JUMP = 0.08**2


def announced(dte: int, timing: Timing = Timing.AFTER_CLOSE) -> EarningsEvent:
    return EarningsEvent("TEST", day(dte), timing, True, "test")


def jumpy(base: float, after: int, dtes: tuple[int, ...] = (15, 30, 45, 60, 90), spread: float = 0.01) -> Chain:
    """Return a chain of base vol and an 8 % jump ``after`` so many days."""
    vols = {dte: sqrt(base**2 + (JUMP * 365 / dte if dte > after else 0.0)) for dte in dtes}
    return priced_chain(vols, half_spread=spread)


def stripped(chain: Chain, *events: EarningsEvent) -> np.ndarray:
    return strip_earnings(structures_of(chain), [events], ALL)


def test_the_base_is_left_at_every_point() -> None:
    assert stripped(jumpy(0.3, 20), announced(20)) == pytest.approx(np.full((5, 3), 0.3), abs=1e-6)


def test_announcements_that_no_expiry_spans_leave_the_vols_as_they_are() -> None:
    chain = jumpy(0.3, 500)
    for event in (announced(90), announced(-3)):
        assert (stripped(chain, event) == structures_of(chain).points.mid).all()


def test_without_events_there_is_nothing_to_strip() -> None:
    assert np.isnan(stripped(jumpy(0.3, 500))).all()


def test_unknown_where_every_expiry_spans_the_announcement() -> None:
    assert np.isnan(stripped(jumpy(0.3, 3), announced(3))).all()


def test_an_expiry_without_a_point_is_left_out() -> None:
    dtes = (15, 22, 30, 45, 60, 90)
    whole, gap = jumpy(0.3, 20, dtes), priced_chain({22: 0.3}, strikes=(300.0,))
    without_one = without_expiry(whole, gap)
    base = stripped(without_one, announced(20))
    assert np.isnan(base[1]).all()
    assert np.delete(base, 1, axis=0) == pytest.approx(np.full((5, 3), 0.3), abs=1e-6)


def without_expiry(chain: Chain, instead: Chain) -> Chain:
    """Replace an expiry of ``chain`` by that of ``instead``, without its quotes."""
    others = chain.contracts.expiry != instead.contracts.expiry[0]
    nothing = instead.contracts.take(np.arange(1))
    nothing.bid[:] = np.nan
    parts = [chain.contracts.take(others), nothing]
    return Chain("TEST", chain.as_of, chain.spot, "files", type(nothing).concatenate(parts))


def test_only_points_asked_for_are_worked_out() -> None:
    base = strip_earnings(structures_of(jumpy(0.3, 20)), [(announced(20),)], np.array([2]))
    assert np.isnan(base[:, :2]).all()
    assert np.isfinite(base[:, 2]).all()


def test_each_chain_has_its_own_events() -> None:
    structures = structures_of(jumpy(0.3, 20), jumpy(0.4, 20), priced_chain({0: 0.3}), jumpy(0.5, 20))
    base = strip_earnings(structures, [(announced(20),), (), (announced(20),), (announced(20),)], ALL)
    assert base[:5, 0] == pytest.approx(np.full(5, 0.3), abs=1e-6)
    assert np.isnan(base[5:10]).all()
    assert base[10:, 0] == pytest.approx(np.full(5, 0.5), abs=1e-6)


def test_first_announcement_ahead_and_within_the_curves() -> None:
    chain = jumpy(0.3, 20)
    structures = structures_of(chain, chain, chain, chain, priced_chain({-5: 0.3}))
    events = [(announced(50), announced(20), announced(-3)), (announced(90),), (announced(91),), (), (announced(20),)]
    expected = [TODAY + timedelta(days=20), TODAY + timedelta(days=90), None, None, None]
    assert first_announcements(structures, events).tolist() == expected


@pytest.mark.parametrize(
    ("front", "back", "after", "raw", "without"), [(0.45, 0.38, 20, 0.53, 0.20), (0.32, 0.36, 40, -0.19, 0.14)]
)
def test_candidates_carry_both_factors(front: float, back: float, after: int, raw: float, without: float) -> None:
    base = {dte: sqrt(vol**2 - (JUMP * 365 / dte if dte > after else 0.0)) for dte, vol in ((30, front), (60, back))}
    years = {dte: dte / 365 for dte in base}
    slope = (base[60] ** 2 - base[30] ** 2) / (_reversion(years[60]) - _reversion(years[30]))
    level = base[30] ** 2 - slope * _reversion(years[30])

    def vol(dte: int) -> float:
        return sqrt(level + slope * _reversion(dte / 365) + (JUMP * 365 / dte if dte > after else 0.0))

    chain = priced_chain({dte: vol(dte) for dte in (15, 30, 60, 90)})
    found = scan_one(chain, around=Surroundings(earnings=(announced(after),))).candidates
    assert (round(float(found.ff[0]), 2), round(float(found.ff_ex[0]), 2)) == (raw, without)
    assert (found.front_iv_ex[0], found.back_iv_ex[0]) == pytest.approx((base[30], base[60]), abs=1e-5)


def _reversion(years: float) -> float:
    return -expm1(-4.0 * years) / (4.0 * years)


@pytest.mark.parametrize(
    ("dte", "timing", "in_window"),
    [
        (0, Timing.BEFORE_OPEN, False),
        (0, Timing.AFTER_CLOSE, True),
        (30, Timing.UNKNOWN, True),
        (59, Timing.AFTER_CLOSE, True),
        (60, Timing.AFTER_CLOSE, True),
        (61, Timing.BEFORE_OPEN, False),
        (-1, Timing.AFTER_CLOSE, False),
    ],
)
def test_announcements_up_to_the_back_expiry_refuse_the_signal(dte: int, timing: Timing, in_window: bool) -> None:
    chain = priced_chain({30: 0.45, 60: 0.35, 90: 0.35})
    found = scan_one(chain, around=Surroundings(earnings=(announced(dte, timing),))).candidates
    assert reasons_in(int(found.reasons[0])) == ((Reason.EARNINGS_IN_WINDOW,) if in_window else ())
    assert found.earnings_on.tolist() == [day(dte) if in_window else None]


def test_each_pair_has_its_own_window() -> None:
    chain = priced_chain({30: 0.45, 60: 0.35, 90: 0.35})
    rules = ScanRules(pairs=(PairRule(30, 60, 5, 10), PairRule(60, 90, 10, 10), PairRule(300, 400, 1, 1)))
    found = scan_one(chain, rules, Surroundings(earnings=(announced(75),))).candidates
    assert found.earnings_on.tolist() == [None, day(75), None]


def test_every_point_asked_for_has_its_factor() -> None:
    found = scan_one(jumpy(0.3, 40), ALL_POINTS, Surroundings(earnings=(announced(40),))).candidates
    assert found.ff_ex == pytest.approx(np.zeros(9), abs=1e-5)
    assert (found.ff[:3] < -0.1).all()


def test_no_events_no_ex_earnings_numbers() -> None:
    found = scan_one(priced_chain({30: 0.45, 60: 0.35}), ALL_POINTS).candidates
    assert np.isnan([found.ff_ex, found.front_iv_ex, found.back_iv_ex]).all()
    assert np.isnat(found.earnings_on).all()
