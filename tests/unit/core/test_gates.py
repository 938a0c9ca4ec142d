"""Each gate at, just inside and just outside its limit."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from forward_factor.core.chain import Chain
from forward_factor.core.gates import Liquidity, forward_reasons, judge_points, liquidity_reasons
from forward_factor.core.reasons import Reason, bit, reasons_in
from forward_factor.core.rules import ScanRules
from tests.chains import priced_chain
from tests.unit.core.small_chains import at_dte, edited, quoted, small_chain, structures_of

RULES = ScanRules()
ATM, PUT, CALL = range(3)


def liquidity(spread: float = 0.01, open_interest: float = 5000.0, volume: float = 500.0, bits: int = 0) -> Liquidity:
    return Liquidity(np.array([spread]), np.array([open_interest]), np.array([volume]), np.array([bits]))


def judged(one: Liquidity, rules: ScanRules = RULES) -> tuple[Reason, ...]:
    return reasons_in(int(liquidity_reasons(one, rules)[0]))


def behind(chain: Chain) -> Liquidity:
    structures = structures_of(chain)
    return judge_points(structures.quotes, structures.forwards, structures.points)


@pytest.mark.parametrize(
    ("spread", "passes"), [(0.0, True), (0.08, True), (0.08 + 7e-17, True), (0.0801, False), (inf, False), (2.0, False)]
)
def test_spread(spread: float, passes: bool) -> None:
    assert judged(liquidity(spread=spread)) == (() if passes else (Reason.WIDE_SPREAD,))


def test_a_spread_of_eight_percent_in_cents_passes() -> None:
    bid, ask = 0.96, 1.04
    assert (ask - bid) / ((bid + ask) / 2) > 0.08
    assert judged(liquidity(spread=(ask - bid) / ((bid + ask) / 2))) == ()


@pytest.mark.parametrize(("open_interest", "passes"), [(100, True), (99, False), (0, False), (nan, False), (-1, False)])
def test_open_interest(open_interest: float, passes: bool) -> None:
    assert judged(liquidity(open_interest=open_interest)) == (() if passes else (Reason.LOW_OPEN_INTEREST,))


@pytest.mark.parametrize(("volume", "passes"), [(10, True), (9, False), (0, False), (nan, False)])
def test_volume(volume: float, passes: bool) -> None:
    assert judged(liquidity(volume=volume)) == (() if passes else (Reason.LOW_VOLUME,))


def test_limits_are_the_rules() -> None:
    strict = ScanRules(max_bid_ask_pct=0.02, min_open_interest=10_000, min_volume=1_000)
    assert judged(liquidity(spread=0.03), strict) == (
        Reason.WIDE_SPREAD, Reason.LOW_OPEN_INTEREST, Reason.LOW_VOLUME,
    )  # fmt: skip
    assert judged(liquidity(0.5, 0.0, 0.0), ScanRules(max_bid_ask_pct=0.5, min_open_interest=0, min_volume=0)) == ()


def test_reasons_found_before_stay() -> None:
    assert judged(liquidity(bits=bit(Reason.CROSSED_QUOTES))) == (Reason.CROSSED_QUOTES,)


def test_the_worse_leg_counts() -> None:
    front = liquidity(0.01, 50.0, nan, bit(Reason.MISSING_QUOTES))
    back = liquidity(nan, 70.0, 3.0, bit(Reason.CROSSED_QUOTES))
    for one in (front.worse_of(back), back.worse_of(front)):
        assert (one.spread_pct[0], one.open_interest[0]) == (0.01, 50.0)
        assert np.isnan(one.volume[0])
        assert reasons_in(int(one.reasons[0])) == (Reason.MISSING_QUOTES, Reason.CROSSED_QUOTES)
    assert front.worse_of(liquidity(spread=0.5)).spread_pct[0] == 0.5


@pytest.mark.parametrize(
    ("variance", "sigma_fwd", "ff", "expected"),
    [
        (0.04, 0.2, 0.20, ()),
        (0.04, 0.2, 0.1999, (Reason.FF_BELOW_THRESHOLD,)),
        (0.04, 0.2, -0.5, (Reason.FF_BELOW_THRESHOLD,)),
        (0.0025, 0.05, 3.0, ()),
        (0.0024, 0.0499, 3.0, (Reason.SIGMA_FWD_BELOW_FLOOR,)),
        (0.0, nan, nan, (Reason.NEGATIVE_FORWARD_VARIANCE,)),
        (-0.01, nan, nan, (Reason.NEGATIVE_FORWARD_VARIANCE,)),
        (nan, nan, nan, ()),
    ],
)
def test_forward_gates(variance: float, sigma_fwd: float, ff: float, expected: tuple[Reason, ...]) -> None:
    bits = forward_reasons(np.array([variance]), np.array([sigma_fwd]), np.array([ff]), RULES)
    assert reasons_in(int(bits[0])) == expected


def test_threshold_and_floor_are_the_rules() -> None:
    numbers = np.array([0.04]), np.array([0.2]), np.array([0.3])
    bits = forward_reasons(*numbers, ScanRules(ff_threshold=0.31, sigma_fwd_floor=0.21))
    assert reasons_in(int(bits[0])) == (Reason.SIGMA_FWD_BELOW_FLOOR, Reason.FF_BELOW_THRESHOLD)


def test_liquidity_is_that_of_the_contracts_behind_the_point() -> None:
    chain = priced_chain({30: 0.45}, half_spread=0.01)
    strike, is_call = chain.contracts.strike, chain.contracts.is_call
    worse_put = edited(chain, (strike == 100) & ~is_call, open_interest=7.0)
    worse_call = edited(worse_put, (strike == 102) & is_call, volume=3.0)
    found = behind(worse_call)
    assert found.open_interest[0].tolist() == [7.0, 5000.0, 5000.0]
    assert found.volume[0, [ATM, PUT]].tolist() == [3.0, 500.0]
    assert found.spread_pct[0] == pytest.approx([0.02] * 3)
    elsewhere = edited(chain, (strike < 80) | (strike > 120), open_interest=0.0, volume=0.0, bid=0.0)
    assert behind(elsewhere).open_interest[0].tolist() == [5000.0] * 3


def test_the_widest_spread_behind_the_point_counts() -> None:
    rows = [quoted(30, 98.0, "P", 1.98, 2.02), quoted(30, 102.0, "C", 1.9, 2.1)]
    found = behind(small_chain(rows))
    assert found.spread_pct[0, ATM] == pytest.approx(0.1)
    mirrored = [quoted(30, 98.0, "P", 1.9, 2.1), quoted(30, 102.0, "C", 1.98, 2.02)]
    assert behind(small_chain(mirrored)).spread_pct[0, ATM] == pytest.approx(0.1)


def test_one_unknown_number_makes_the_smallest_unknown() -> None:
    chain = priced_chain({30: 0.45})
    found = behind(edited(chain, chain.contracts.is_call, open_interest=nan, volume=nan))
    assert np.isnan([found.open_interest[0, ATM], found.volume[0, ATM]]).all()
    assert found.open_interest[0, PUT] == 5000.0


@pytest.mark.parametrize(
    ("bid", "ask", "reason"),
    [
        (nan, 1.0, Reason.MISSING_QUOTES),
        (1.0, nan, Reason.MISSING_QUOTES),
        (0.0, 0.5, Reason.MISSING_QUOTES),
        (1.0, inf, Reason.MISSING_QUOTES),
        (2.0, 1.0, Reason.CROSSED_QUOTES),
        (1.0, 0.0, Reason.CROSSED_QUOTES),
    ],
)
@pytest.mark.parametrize("iv", [nan, 0.4])
def test_an_expiry_without_quotes_says_why(bid: float, ask: float, reason: Reason, iv: float) -> None:
    chain = priced_chain({30: 0.45, 60: 0.35})
    found = behind(edited(chain, at_dte(chain, 30), bid=bid, ask=ask, iv=iv))
    from_vendor = {Reason.MISSING_QUOTES} if iv == 0.4 else set()
    assert [set(reasons_in(int(bits))) for bits in found.reasons[0]] == [{reason} | from_vendor] * 3
    assert not found.reasons[1].any()


def test_a_missing_point_beside_quotes_blames_no_quote() -> None:
    rows = [quoted(30, 90.0, "P", 1.0), quoted(30, 80.0, "P", 2.0, 1.0)]
    found = behind(small_chain(rows))
    assert not found.reasons.any()
    assert np.isnan(found.spread_pct[0, CALL])


@pytest.mark.parametrize(
    ("call", "put", "believable"),
    [
        (1.0, 22.0, False),
        (21.0, 40.0, True),
        (70.0, 70.0, True),
        (25.0, 1.0, True),
        (26.5, 1.0, False),
        (1e50, 1.0, False),
    ],
)
def test_a_forward_far_from_spot_makes_every_point_suspect(call: float, put: float, believable: bool) -> None:
    rows = [quoted(30, 10.0, "P", 1.0), quoted(30, 100.0, "C", call), quoted(30, 100.0, "P", put)]
    found = behind(small_chain(rows))
    assert reasons_in(int(found.reasons[0, ATM])) == (() if believable else (Reason.MISSING_QUOTES,))
