"""Candidates: every reason and flag, and what can never become a signal."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from sys import float_info

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain, Contracts
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.pairing import NO_CURVE
from forward_factor.core.quality import quality_scores
from forward_factor.core.reasons import Flag, Reason, reasons_in
from forward_factor.core.rules import VOL_POINTS, PairRule, ScanRules, VolPoint
from tests.chains import priced_chain
from tests.unit.core.small_chains import (
    ALL_POINTS,
    ONE_PAIR,
    at_dte,
    day,
    edited,
    flags_of,
    quoted,
    reasons_of,
    scan_one,
    small_chain,
    without,
)

GOOD = priced_chain({30: 0.45, 60: 0.35})
FRONT, BACK = at_dte(GOOD, 30), at_dte(GOOD, 60)
CALL_SIDE = replace(ONE_PAIR, vol_points=(VolPoint.CALL_35D,))
EARNINGS = EarningsEvent("TEST", day(40), Timing.UNKNOWN, None, "test")


def test_a_good_chain_is_a_signal_at_every_point() -> None:
    found = scan_one(GOOD, replace(ONE_PAIR, vol_points=VOL_POINTS)).candidates
    assert found.is_signal.tolist() == [True, True, True]
    assert not found.flags.any()
    assert found.ff == pytest.approx([1.1828206] * 3, abs=1e-6)
    assert (found.quality > 0.8).all()


REFUSED: dict[Reason, Chain] = {
    Reason.NO_FRONT_EXPIRY: priced_chain({24: 0.45, 60: 0.35}),
    Reason.NO_BACK_EXPIRY: priced_chain({30: 0.45, 71: 0.35}),
    Reason.MISSING_QUOTES: edited(GOOD, FRONT, bid=nan, iv=0.45),
    Reason.WIDE_SPREAD: priced_chain({30: 0.45, 60: 0.40}, half_spread=0.041),
    Reason.LOW_OPEN_INTEREST: edited(GOOD, BACK, open_interest=99.0),
    Reason.LOW_VOLUME: edited(GOOD, FRONT, volume=9.0),
    Reason.NEGATIVE_FORWARD_VARIANCE: priced_chain({30: 0.45, 60: 0.30}),
    Reason.SIGMA_FWD_BELOW_FLOOR: priced_chain({30: 0.45, 60: 0.3195}),
    Reason.FF_BELOW_THRESHOLD: priced_chain({30: 0.30, 60: 0.30}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_each_gate_of_the_chain_refuses_alone(reason: Reason) -> None:
    assert reasons_of(REFUSED[reason]) == (reason,)
    assert not scan_one(REFUSED[reason]).candidates.is_signal[0]


def test_no_vol_point_refuses_alone() -> None:
    assert reasons_of(without(GOOD, FRONT & (GOOD.contracts.strike > 100)), CALL_SIDE) == (Reason.NO_VOL_POINT,)
    assert reasons_of(without(GOOD, BACK & (GOOD.contracts.strike > 100)), CALL_SIDE) == (Reason.NO_VOL_POINT,)


def test_crossed_quotes_of_a_whole_expiry() -> None:
    crossed = edited(GOOD, BACK, bid=3.0, ask=2.0)
    assert reasons_of(crossed) == (Reason.NO_VOL_POINT, Reason.CROSSED_QUOTES)
    assert reasons_of(edited(crossed, iv=0.35)) == (Reason.MISSING_QUOTES, Reason.CROSSED_QUOTES)


def test_an_expiry_without_a_quote() -> None:
    assert reasons_of(edited(GOOD, FRONT, bid=0.0)) == (Reason.NO_VOL_POINT, Reason.MISSING_QUOTES)


def test_surroundings_refuse_alone() -> None:
    assert reasons_of(GOOD, around=Surroundings(is_stale=True)) == (Reason.STALE_QUOTES,)
    assert reasons_of(GOOD, around=Surroundings(earnings=(EARNINGS,))) == (Reason.EARNINGS_IN_WINDOW,)


def test_the_tests_above_reach_every_reason() -> None:
    elsewhere = {Reason.NO_VOL_POINT, Reason.CROSSED_QUOTES, Reason.STALE_QUOTES, Reason.EARNINGS_IN_WINDOW}
    assert set(REFUSED) | elsewhere == set(Reason)


def test_reasons_add_up() -> None:
    bad = edited(priced_chain({30: 0.30, 60: 0.30}, half_spread=0.05), open_interest=1.0, volume=1.0)
    assert reasons_of(bad, around=Surroundings(earnings=(EARNINGS,), is_stale=True)) == (
        Reason.WIDE_SPREAD, Reason.LOW_OPEN_INTEREST, Reason.LOW_VOLUME, Reason.STALE_QUOTES,
        Reason.EARNINGS_IN_WINDOW, Reason.FF_BELOW_THRESHOLD,
    )  # fmt: skip
    assert reasons_of(priced_chain({10: 0.3})) == (Reason.NO_FRONT_EXPIRY, Reason.NO_BACK_EXPIRY)


def one_sided() -> Chain:
    """Return puts below and calls above the forward only, so that no strike has both."""
    contracts = GOOD.contracts
    return without(GOOD, np.where(contracts.is_call, contracts.strike <= 100, contracts.strike > 100))


def twice(chain: Chain, rows: np.ndarray) -> Chain:
    return replace(chain, contracts=Contracts.concatenate([chain.contracts, chain.contracts.take(rows)]))


FLAGGED: dict[Flag, Chain] = {
    Flag.FORWARD_FROM_SPOT: one_sided(),
    Flag.SINGLE_STRIKE: without(GOOD, BACK & (GOOD.contracts.strike > 100)),
    Flag.CALENDAR_ARBITRAGE: priced_chain({30: 0.45, 60: 0.30}),
    Flag.DUPLICATE_CONTRACT: twice(GOOD, FRONT & (GOOD.contracts.strike == 100)),
}


@pytest.mark.parametrize("flag", FLAGGED)
def test_each_flag_alone(flag: Flag) -> None:
    assert flags_of(FLAGGED[flag]) == (flag,)


def test_vendor_vols_alone() -> None:
    chain = edited(GOOD, BACK & (GOOD.contracts.strike > 100), bid=nan, iv=0.35)
    assert flags_of(chain, CALL_SIDE) == (Flag.VENDOR_IV,)
    assert set(FLAGGED) | {Flag.VENDOR_IV} == set(Flag)


@pytest.mark.parametrize("flag", [Flag.FORWARD_FROM_SPOT, Flag.SINGLE_STRIKE, Flag.DUPLICATE_CONTRACT])
def test_a_flag_refuses_nothing_and_lowers_the_score(flag: Flag) -> None:
    flagged, good = scan_one(FLAGGED[flag]).candidates, scan_one(GOOD).candidates
    assert flagged.is_signal[0]
    assert flagged.quality[0] == pytest.approx(0.8 * good.quality[0], rel=0.05)


def test_calendar_arbitrage_needs_the_bid_of_one_above_the_ask_of_the_other() -> None:
    vols = {30: 0.45, 60: 0.317}
    assert flags_of(priced_chain(vols, half_spread=0.001)) == (Flag.CALENDAR_ARBITRAGE,)
    assert flags_of(priced_chain(vols, half_spread=0.02)) == ()


def test_liquidity_is_that_of_both_legs() -> None:
    worse_back = edited(edited(GOOD, BACK, open_interest=200.0), FRONT, volume=20.0)
    found = scan_one(worse_back).candidates
    assert (found.open_interest[0], found.volume[0]) == (200.0, 20.0)
    assert found.spread_pct[0] == pytest.approx(0.02)


def test_the_score_falls_with_the_width_between_low_and_high() -> None:
    found = scan_one(priced_chain({30: 0.45, 60: 0.38}, half_spread=0.02)).candidates
    width = found.ff_high - found.ff_low
    assert width[0] > 0.1
    expected = quality_scores(found.spread_pct, found.open_interest, found.volume, width, np.zeros(1, np.int64))
    assert found.quality.tolist() == expected.tolist()


def test_a_missing_leg_is_judged_for_nothing_else() -> None:
    found = scan_one(edited(priced_chain({30: 0.45}), open_interest=1.0, volume=nan)).candidates
    assert reasons_in(int(found.reasons[0])) == (Reason.NO_BACK_EXPIRY,)
    assert (found.front[0], found.back[0]) == (0, NO_CURVE)
    assert found.front_iv[0] == pytest.approx(0.45)
    assert np.isnan([found.back_iv[0], found.ff[0], found.quality[0], found.volume[0]]).all()


def test_order_is_chain_rule_point() -> None:
    rules = ScanRules(pairs=(PairRule(60, 90, 10, 10), PairRule(30, 60, 5, 10)), vol_points=VOL_POINTS[::2])
    found = scan_one(priced_chain({30: 0.45, 60: 0.35, 90: 0.33}), rules).candidates
    assert found.rule.tolist() == [0, 0, 1, 1]
    assert found.point.tolist() == [0, 2, 0, 2]
    assert found.front.tolist() == [1, 1, 0, 0]
    assert found.back.tolist() == [2, 2, 1, 1]


def test_nothing_asked_for_nothing_found() -> None:
    assert len(scan_one(GOOD, ScanRules(pairs=())).candidates) == 0
    assert len(scan_one(GOOD, replace(ONE_PAIR, vol_points=())).candidates) == 0


NONSENSE = [
    (nan, nan), (nan, 1.0), (1.0, nan), (0.0, 0.0), (0.0, 1.0), (-1.0, 1.0), (-2.0, -1.0), (2.0, 1.0), (1.0, 0.0),
    (inf, inf), (1.0, inf), (-inf, 1.0), (1e3, 1e3), (1e6, 1e6), (1.0, 1e6), (1e154, 1e155), (1e308, 1e308),
    (1.0, 1e308), (5e-324, 5e-324), (1e-16, 1e-16), (1e-300, 1e-300), (float_info.max, float_info.max),
]  # fmt: skip


@pytest.mark.parametrize(("bid", "ask"), NONSENSE)
@pytest.mark.parametrize("dtes", [(30,), (60,), (30, 60)])
@pytest.mark.parametrize("iv", [nan, 0.9, -1.0, 1e200])
def test_nonsense_never_gives_a_signal(bid: float, ask: float, dtes: tuple[int, ...], iv: float) -> None:
    found = scan_one(edited(GOOD, at_dte(GOOD, *dtes), bid=bid, ask=ask, iv=iv), ALL_POINTS).candidates
    assert not found.is_signal.any()


@settings(max_examples=30)
@given(st.floats(1e3, 8e307), st.booleans(), st.booleans(), st.booleans())
def test_huge_quotes_on_one_side_never_give_a_signal(value: float, calls: bool, ask_only: bool, front: bool) -> None:
    rows = (GOOD.contracts.is_call == calls) & (FRONT if front else FRONT | BACK)
    spoilt = edited(GOOD, rows, ask=value) if ask_only else edited(GOOD, rows, bid=value, ask=value)
    assert not scan_one(spoilt, ALL_POINTS).candidates.is_signal.any()


QUOTES = st.sampled_from([nan, inf, -inf, -1.0, 0.0, 0.01, 0.5, 2.0, 3.0, 5.0, 40.0, 1e3, 1e308])
COUNTS = st.sampled_from([nan, -1.0, 0.0, 9.0, 10.0, 99.0, 100.0, 5e3])


@st.composite
def spoilt_chains(draw: st.DrawFn) -> Chain:
    """Return a good chain of few strikes with some rows spoilt."""
    chain = priced_chain({30: 0.45, 60: 0.35}, strikes=range(80, 121, 5))
    count = len(chain.contracts)
    for row in draw(st.sets(st.integers(0, count - 1), max_size=12)):
        chain = edited(chain, np.arange(count) == row, bid=draw(QUOTES), ask=draw(QUOTES), volume=draw(COUNTS))
    return edited(chain, at_dte(chain, draw(st.sampled_from([30, 60]))), open_interest=draw(COUNTS))


@settings(max_examples=60)
@given(spoilt_chains())
def test_a_signal_stands_on_tradable_contracts_only(chain: Chain) -> None:
    batch = scan_one(chain, ALL_POINTS)
    found, contracts = batch.candidates, batch.structures.quotes.contracts
    for place in np.flatnonzero(found.is_signal):
        legs = [found.front[place], found.back[place]]
        behind = contracts.take(batch.structures.points.rows[legs, found.point[place]].ravel())
        assert (behind.bid > 0).all()
        assert ((behind.ask - behind.bid) / ((behind.ask + behind.bid) / 2) <= 0.08 + 1e-9).all()
        assert (behind.open_interest >= 100).all()
        assert (behind.volume >= 10).all()
        assert found.ff[place] >= 0.20
        assert found.sigma_fwd[place] >= 0.05


@settings(max_examples=60)
@given(spoilt_chains())
def test_numbers_are_finite_or_missing(chain: Chain) -> None:
    found = scan_one(chain, ALL_POINTS).candidates
    for column in (found.ff, found.sigma_fwd, found.ff_low, found.ff_high, found.quality, found.front_iv):
        assert not np.isinf(column).any()
    assert (np.isfinite(found.ff) <= np.isfinite(found.sigma_fwd)).all()
    assert (found.is_signal <= np.isfinite(found.ff)).all()


def test_vendor_vols_never_give_a_signal() -> None:
    rows = [quoted(dte, strike, right, None) for dte in (30, 60) for strike in range(60, 141, 2) for right in "CP"]
    chain = small_chain(rows)
    chain = edited(edited(chain, at_dte(chain, 30), iv=0.45), at_dte(chain, 60), iv=0.35)
    found = scan_one(chain, replace(ONE_PAIR, vol_points=VOL_POINTS)).candidates
    assert found.ff == pytest.approx([1.1828206] * 3, abs=1e-6)
    assert not found.is_signal.any()
    assert flags_of(chain) == (Flag.FORWARD_FROM_SPOT, Flag.VENDOR_IV)
