"""Vol points read from smiles whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.core.chain import Chain
from forward_factor.core.reasons import Flag, bit, flags_in
from forward_factor.core.rules import VOL_POINTS, VolPoint
from forward_factor.core.term_structure import TermStructures
from forward_factor.core.vol_points import NO_ROW
from tests.chains import priced_chain
from tests.reference.slow_black76 import Market, black_price
from tests.reference.slow_domain import Row
from tests.unit.core.small_chains import day, edited, quoted, small_chain, structures_of

DTE = 73
YEARS = 0.2
ATM, PUT, CALL = range(3)


def vendor(strike: float, right: str, iv: float) -> Row:
    return Row(day(DTE), strike, right, iv=iv, volume=500, open_interest=5000)


def priced(strike: float, right: str, iv: float) -> Row:
    """Return a contract quoted at a vol; rate 0, forward 100."""
    return quoted(DTE, strike, right, black_price(Market(100.0, YEARS, 0.0), strike, right, iv))


def strike_of_delta(right: str, d1: float, iv: float) -> float:
    """Return the strike at which |delta| = N(-d1), forward 100; N(-0.2533) = 0.40, N(-0.5244) = 0.30."""
    spread = iv * sqrt(YEARS)
    sign = 1 if right == "P" else -1
    return 100.0 * exp(spread * spread / 2 - sign * d1 * spread)


def read(rows: list[Row]) -> TermStructures:
    """Return the structure of one expiry; without quotes on both sides of a strike its forward is spot, 100."""
    return structures_of(small_chain(rows), rate=0.0)


def flags(structures: TermStructures, point: int, curve: int = 0) -> set[Flag]:
    return set(flags_in(int(structures.points.flags[curve, point])))


def strikes_behind(structures: TermStructures, point: int) -> list[float]:
    strikes: list[float] = structures.quotes.contracts.strike[structures.points.rows[0, point]].tolist()
    return strikes


MIX = sqrt(0.25 + log(100 / 90) / log(110 / 90) * (0.09 - 0.25))
SMILE = [priced(80.0, "P", 0.9), priced(90.0, "P", 0.5), priced(110.0, "C", 0.3), priced(120.0, "C", 0.8)]


def test_flat_smiles_give_their_vol_at_every_point() -> None:
    points = structures_of(priced_chain({30: 0.45, 60: 0.35})).points
    assert points.mid == pytest.approx(np.array([[0.45] * 3, [0.35] * 3]), abs=1e-10)
    assert (points.bid < points.mid).all()
    assert (points.mid < points.ask).all()
    assert not points.flags.any()


def test_without_a_spread_bid_mid_and_ask_are_one() -> None:
    points = structures_of(priced_chain({30: 0.45}, half_spread=0.0)).points
    assert (points.bid == points.mid).all()
    assert (points.ask == points.mid).all()


def test_total_variance_is_linear_in_log_moneyness() -> None:
    found = read(SMILE)
    assert found.points.mid[0, ATM] == pytest.approx(MIX, abs=1e-12)
    assert strikes_behind(found, ATM) == [90.0, 110.0]
    assert flags(found, ATM) == {Flag.FORWARD_FROM_SPOT}


def test_in_the_money_options_are_not_read() -> None:
    found = read([*SMILE, priced(95.0, "C", 2.0), priced(105.0, "P", 2.0)])
    assert found.points.mid[0, ATM] == pytest.approx(MIX, abs=1e-12)


def test_a_call_at_the_forward_is_out_of_the_money() -> None:
    found = read([priced(90.0, "P", 0.5), priced(100.0, "C", 0.3), vendor(100.0, "P", 0.9), priced(110.0, "C", 0.8)])
    assert found.points.mid[0, ATM] == pytest.approx(0.3, abs=1e-12)
    assert strikes_behind(found, ATM) == [90.0, 100.0]


@pytest.mark.parametrize(("right", "strikes"), [("P", (80.0, 90.0)), ("C", (120.0, 110.0))])
def test_one_side_only_gives_the_nearest_strike_and_says_so(right: str, strikes: tuple[float, float]) -> None:
    found = read([priced(strikes[0], right, 0.9), priced(strikes[1], right, 0.5)])
    assert found.points.mid[0, ATM] == pytest.approx(0.5, abs=1e-12)
    assert strikes_behind(found, ATM) == [strikes[1]] * 2
    assert flags(found, ATM) == {Flag.FORWARD_FROM_SPOT, Flag.SINGLE_STRIKE}


@pytest.mark.parametrize(("right", "point"), [("P", PUT), ("C", CALL)])
def test_vol_is_linear_in_delta_between_the_bracketing_strikes(right: str, point: int) -> None:
    strikes = [strike_of_delta(right, 0.2533471031357997, 0.3), strike_of_delta(right, 0.5244005127080407, 0.4)]
    found = read([priced(strike, right, iv) for strike, iv in zip(strikes, (0.3, 0.4), strict=True)])
    assert found.points.mid[0, point] == pytest.approx(0.35, abs=1e-11)
    assert sorted(strikes_behind(found, point)) == sorted(strikes)
    other = {PUT: CALL, CALL: PUT}[point]
    assert np.isnan(found.points.mid[0, other])
    assert found.points.rows[0, other].tolist() == [NO_ROW, NO_ROW]


@pytest.mark.parametrize(("right", "point"), [("P", PUT), ("C", CALL)])
def test_a_target_not_bracketed_is_missing(right: str, point: int) -> None:
    beyond = [priced(strike_of_delta(right, d1, 0.3), right, 0.3) for d1 in (0.39, 0.8, 1.2)]
    found = read(beyond)
    assert np.isnan([found.points.mid[0, point], found.points.bid[0, point], found.points.ask[0, point]]).all()
    assert flags(found, point) == {Flag.FORWARD_FROM_SPOT}


@pytest.mark.parametrize(("right", "point"), [("P", PUT), ("C", CALL)])
def test_of_several_crossings_the_one_nearest_to_the_money_counts(right: str, point: int) -> None:
    steps = ((0.30, 0.3), (0.45, 0.3), (0.50, 0.9), (1.00, 0.3))
    placed = {strike_of_delta(right, d1, 0.3): iv for d1, iv in steps}
    found = read([priced(strike, right, iv) for strike, iv in placed.items()])
    first, second, *_ = placed
    assert found.points.mid[0, point] == pytest.approx(0.3, abs=1e-11)
    assert sorted(strikes_behind(found, point)) == sorted([first, second])


def test_vendor_vols_are_read_the_same_way_where_quotes_give_no_point() -> None:
    found = read([vendor(90.0, "P", 0.5), vendor(110.0, "C", 0.3), vendor(80.0, "P", 0.9)])
    assert found.points.mid[0, ATM] == pytest.approx(MIX, abs=1e-12)
    assert np.isnan([found.points.bid[0], found.points.ask[0]]).all()
    assert flags(found, ATM) == {Flag.FORWARD_FROM_SPOT, Flag.VENDOR_IV}
    assert np.isnan(found.points.mid[0, CALL])
    assert Flag.VENDOR_IV not in flags(found, CALL)


def test_vendor_vols_fill_only_the_points_that_quotes_leave_out() -> None:
    near, far = (strike_of_delta("C", d1, 0.3) for d1 in (0.2533471031357997, 0.5244005127080407))
    rows = [priced(90.0, "P", 0.5), replace(priced(near, "C", 0.3), iv=0.31), vendor(far, "C", 0.29)]
    found = read(rows)
    assert strikes_behind(found, ATM) == [90.0, near]
    assert Flag.VENDOR_IV not in flags(found, ATM)
    assert np.isfinite(found.points.bid[0, ATM])
    assert flags(found, CALL) == {Flag.FORWARD_FROM_SPOT, Flag.VENDOR_IV}
    assert 0.29 < found.points.mid[0, CALL] < 0.31
    assert np.isnan([found.points.bid[0, CALL], found.points.ask[0, CALL]]).all()


@pytest.mark.parametrize("iv", [None, 0.4])
def test_a_point_that_only_the_asks_give_has_no_ask(iv: float | None) -> None:
    def around(d1: float) -> Row:
        strike = strike_of_delta("C", d1, 0.3)
        mid, ask = (black_price(Market(100.0, YEARS, 0.0), strike, "C", vol) for vol in (0.3, 0.36))
        return replace(quoted(DTE, strike, "C", 2 * mid - ask, ask), iv=iv)

    rows = [around(0.39), around(0.9)]
    assert np.isfinite(read([replace(row, bid=row.ask) for row in rows]).points.mid[0, CALL])
    found = read(rows)
    assert np.isfinite(found.points.mid[0, CALL]) == (iv is not None)
    assert np.isnan([found.points.bid[0, CALL], found.points.ask[0, CALL]]).all()


def test_quotes_come_before_vendor_vols() -> None:
    chain = edited(priced_chain({30: 0.45}), iv=0.9)
    found = structures_of(chain)
    assert found.points.mid[0] == pytest.approx([0.45] * 3, abs=1e-10)
    assert not found.points.flags.any()


@pytest.mark.parametrize("iv", [nan, 0.0, -0.5, np.inf, -np.inf, 1e200, 50.0])
def test_vendor_vols_nobody_can_mean_are_missing(iv: float) -> None:
    found = read([vendor(90.0, "P", iv), vendor(110.0, "C", iv)])
    assert np.isnan(found.points.mid).all()


def test_no_points_on_a_forward_below_zero() -> None:
    chain = priced_chain({30: 0.45})
    puts = ~chain.contracts.is_call
    for side in (edited(chain, puts, bid=1000.0, ask=1100.0), edited(chain, puts, bid=1000.0, ask=1000.0, iv=0.4)):
        found = structures_of(edited(side, ~puts, iv=0.4))
        assert found.forwards.price[0] < 0
        assert np.isnan(found.points.mid).all()


def test_points_flag_the_repeated_contracts_behind_them() -> None:
    near, far = strike_of_delta("C", 0.2533471031357997, 0.3), strike_of_delta("C", 0.5244005127080407, 0.3)
    rows = [priced(90.0, "P", 0.5), priced(near, "C", 0.3), priced(far, "C", 0.3)]
    clean, doubled = read(rows), read([*rows, replace(rows[2], open_interest=1.0, bid=0.01, ask=0.02)])
    assert doubled.points.mid[0, CALL] == clean.points.mid[0, CALL]
    assert Flag.DUPLICATE_CONTRACT in flags(doubled, CALL)
    assert Flag.DUPLICATE_CONTRACT not in flags(doubled, ATM)


def test_a_repeated_contract_behind_the_forward_flags_every_point() -> None:
    chain = priced_chain({30: 0.45, 60: 0.35})
    at_spot = np.flatnonzero((chain.contracts.strike == 100.0) & ~chain.contracts.is_call)[:1]
    twice = replace(
        chain, contracts=type(chain.contracts).concatenate([chain.contracts, chain.contracts.take(at_spot)])
    )
    found = structures_of(twice)
    assert [flags(found, point) for point in range(3)] == [{Flag.DUPLICATE_CONTRACT}] * 3
    assert flags(found, ATM, curve=1) == set()


def test_falling_total_variance_is_flagged_on_the_later_expiry() -> None:
    found = structures_of(priced_chain({30: 0.45, 60: 0.30, 90: 0.30}), priced_chain({20: 0.10}))
    assert [bool(flag & bit(Flag.CALENDAR_ARBITRAGE)) for flag in found.flags] == [False, True, False, False]


def test_only_a_fall_from_bid_to_ask_is_flagged() -> None:
    for half_spread, falls in ((0.001, True), (0.02, False)):
        found = structures_of(priced_chain({30: 0.45, 60: 0.317}, half_spread=half_spread))
        assert bool(found.flags[1] & bit(Flag.CALENDAR_ARBITRAGE)) is falls


def test_points_are_in_the_order_of_the_enumeration() -> None:
    assert VOL_POINTS == (VolPoint.ATM, VolPoint.PUT_35D, VolPoint.CALL_35D)
    rows = [priced(strike, right, iv) for strike, right, iv in SKEW]
    mid = read(rows).points.mid[0]
    assert mid[PUT] > mid[ATM] > mid[CALL]


SKEW = [(85 + 2.5 * step, "P" if step < 6 else "C", 0.8 - (85 + 2.5 * step) / 200) for step in range(13)]


@settings(max_examples=25)
@given(st.integers(-10, 10), st.lists(st.integers(10, 150), min_size=13, max_size=13))
def test_vols_do_not_depend_on_the_unit_of_price(power: int, vols: list[int]) -> None:
    scale = 2.0**power
    rows = [priced(strike, right, iv / 100) for (strike, right, _), iv in zip(SKEW, vols, strict=True)]
    scaled = [quoted(DTE, row.strike * scale, row.right, (row.bid or 0.0) * scale) for row in rows]
    plain, other = read(rows), structures_of(small_chain(scaled, spot=100.0 * scale), rate=0.0)
    assert other.points.mid == pytest.approx(plain.points.mid, rel=1e-9, nan_ok=True)
    assert (other.points.rows == plain.points.rows).all()


@settings(max_examples=25)
@given(st.lists(st.integers(10, 150), min_size=13, max_size=13))
def test_every_point_lies_between_the_vols_behind_it(vols: list[int]) -> None:
    ivs = {strike: iv / 100 for (strike, _, _), iv in zip(SKEW, vols, strict=True)}
    found = read([priced(strike, right, ivs[strike]) for strike, right, _ in SKEW])
    for point in range(3):
        if np.isfinite(found.points.mid[0, point]):
            behind = [ivs[strike] for strike in strikes_behind(found, point)]
            assert min(behind) - 1e-9 <= found.points.mid[0, point] <= max(behind) + 1e-9


def test_chains_share_nothing() -> None:
    empty_side: Chain = small_chain([vendor(90.0, "P", 0.5)])
    found = structures_of(empty_side, small_chain([vendor(110.0, "C", 0.3)]), rate=0.0)
    assert found.points.mid[:, ATM].tolist() == [0.5, 0.3]
