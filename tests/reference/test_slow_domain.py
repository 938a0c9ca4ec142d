"""Golden checks of the slow reference: numbers known without running it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from .recorded import iter_snapshots, recorded_dir
from .slow_black76 import Market, black_delta, black_price, implied_vol
from .slow_domain import (
    Row,
    SlowCandidate,
    Snapshot,
    compute_expiry,
    forward_factor,
    forward_vol,
    slow_scan,
)

AS_OF = datetime(2026, 8, 20, 2, 46, tzinfo=UTC)
TODAY = date(2026, 8, 19)
SPOT = 100.0
RATE = 0.04
STRIKES = tuple(float(strike) for strike in range(60, 151, 2))


def flat_market(dte: int) -> Market:
    years = dte / 365
    return Market(SPOT * math.exp(RATE * years), years, RATE)


def flat_rows(dte: int, sigma: float, half_spread: float = 0.0) -> list[Row]:
    market = flat_market(dte)
    rows = []
    for strike in STRIKES:
        for right in ("C", "P"):
            price = black_price(market, strike, right, sigma)
            rows.append(
                Row(
                    expiry=TODAY + timedelta(days=dte),
                    strike=strike,
                    right=right,
                    bid=price * (1 - half_spread),
                    ask=price * (1 + half_spread),
                    volume=10,
                    open_interest=100,
                )
            )
    return rows


def scan(rows: list[Row]) -> list[SlowCandidate]:
    return slow_scan(Snapshot("X", AS_OF, SPOT, tuple(rows))).candidates


def test_worked_example() -> None:
    sigma_fwd = forward_vol(0.45, 30 / 365, 0.35, 60 / 365)
    ff = forward_factor(0.45, 30 / 365, 0.35, 60 / 365)
    assert sigma_fwd == pytest.approx(math.sqrt(0.0425), abs=1e-14)
    assert sigma_fwd == pytest.approx(0.2062, abs=5e-5)
    assert ff == pytest.approx(1.183, abs=5e-4)


def test_textbook_price_at_the_money() -> None:
    market = Market(100.0, 1.0, 0.0)
    # 100 * (2 N(0.1) - 1), N(0.1) = 0.539827837277029
    assert black_price(market, 100.0, "C", 0.2) == pytest.approx(7.9655674554058)
    assert black_delta(market, 100.0, "C", 0.2) == pytest.approx(0.539827837277029)
    assert black_delta(market, 100.0, "P", 0.2) == pytest.approx(-0.460172162722971)


@pytest.mark.parametrize("strike", [50.0, 90.0, 100.0, 110.0, 200.0])
def test_put_call_parity(strike: float) -> None:
    market = Market(101.0, 0.25, RATE)
    call = black_price(market, strike, "C", 0.3)
    put = black_price(market, strike, "P", 0.3)
    assert call - put == pytest.approx(market.discount * (101.0 - strike), abs=1e-12)


@pytest.mark.parametrize("sigma", [0.05, 0.2, 0.8, 3.0])
@pytest.mark.parametrize("strike", [97.0, 100.0, 103.0])
@pytest.mark.parametrize("dte", [7, 30, 120])
def test_round_trip(sigma: float, strike: float, dte: int) -> None:
    market = Market(100.0, dte / 365, RATE)
    right = "P" if strike < 100.0 else "C"
    price = black_price(market, strike, right, sigma)
    assert implied_vol(market, strike, right, price) == pytest.approx(sigma, abs=1e-11)


def test_no_vol_outside_the_bounds() -> None:
    market = Market(100.0, 0.1, RATE)
    assert implied_vol(market, 105.0, "C", 0.0) is None
    assert implied_vol(market, 105.0, "C", 100.0 * market.discount) is None
    assert implied_vol(market, 95.0, "P", 95.0 * market.discount) is None
    assert implied_vol(market, 95.0, "C", 5.0 * market.discount) is None


def test_flat_chain_gives_the_worked_example() -> None:
    candidates = scan(flat_rows(30, 0.45) + flat_rows(60, 0.35))
    thirty_sixty = [one for one in candidates if one.pair == "30/60"]
    assert [one.vol_point for one in thirty_sixty] == ["ATM", "35d_put", "35d_call"]
    for one in thirty_sixty:
        assert one.reasons == set()
        assert (one.front_dte, one.back_dte) == (30, 60)
        assert one.front_iv == pytest.approx(0.45, abs=1e-11)
        assert one.back_iv == pytest.approx(0.35, abs=1e-11)
        assert one.ff == pytest.approx(0.45 / math.sqrt(0.0425) - 1, abs=1e-9)
        assert one.ff_low == pytest.approx(one.ff, abs=1e-9)
        assert one.ff_high == pytest.approx(one.ff, abs=1e-9)
    others = {one.pair: one.reasons for one in candidates if one.vol_point == "ATM"}
    assert others["30/90"] == others["60/90"] == {"no_back_expiry"}


def test_range_of_the_factor_and_wide_spread() -> None:
    candidates = scan(flat_rows(30, 0.45, 0.05) + flat_rows(60, 0.40, 0.05))
    ff, low, high = candidates[0].ff, candidates[0].ff_low, candidates[0].ff_high
    assert ff is not None
    assert low is not None
    assert high is not None
    assert low < ff < high
    assert candidates[0].reasons == {"wide_spread"}


def test_a_spread_at_the_limit_passes() -> None:
    candidates = scan(flat_rows(30, 0.45, 0.04) + flat_rows(60, 0.40, 0.04))
    assert candidates[0].reasons == set()


def test_negative_forward_variance_and_floor() -> None:
    negative = scan(flat_rows(30, 0.45) + flat_rows(60, 0.30))[0]
    assert negative.reasons == {"negative_forward_variance"}
    assert negative.ff is None
    floor = scan(flat_rows(30, 0.45) + flat_rows(60, 0.32))[0]
    assert floor.reasons == {"sigma_fwd_below_floor"}
    assert floor.sigma_fwd == pytest.approx(math.sqrt(0.2048 - 0.2025), abs=1e-9)
    below = scan(flat_rows(30, 0.30) + flat_rows(60, 0.30))[0]
    assert below.reasons == {"ff_below_threshold"}
    assert below.ff == pytest.approx(0.0, abs=1e-9)


def test_duplicate_takes_the_larger_open_interest() -> None:
    rows = flat_rows(30, 0.45)
    wrong = [replace(row, bid=1.0, ask=50.0, open_interest=99) for row in rows]
    unknown = [replace(row, bid=1.0, ask=50.0, open_interest=None) for row in rows]
    equal = [replace(row, bid=1.0, ask=50.0) for row in rows]
    result = compute_expiry([*wrong, *rows, *unknown, *equal], SPOT, 30, ("ATM",), RATE)
    assert result.flags == {"duplicate_contract"}
    assert result.iv["ATM"]["mid"] == pytest.approx(0.45, abs=1e-11)


def test_total_variance_is_linear_in_log_moneyness() -> None:
    rows = [
        Row(TODAY, 90.0, "P", iv=0.5),
        Row(TODAY, 110.0, "C", iv=0.3),
        Row(TODAY, 90.0, "C", iv=9.0),
    ]
    result = compute_expiry(rows, SPOT, 73, ("ATM", "35d_put"), 0.0)
    share = math.log(100 / 90) / math.log(110 / 90)
    expected = math.sqrt(0.25 + share * (0.09 - 0.25))
    assert result.flags == {"forward_from_spot", "vendor_iv"}
    assert result.iv["ATM"] == {
        "mid": pytest.approx(expected, abs=1e-13),
        "bid": None,
        "ask": None,
    }
    assert result.iv["35d_put"]["mid"] is None


def test_single_strike() -> None:
    rows = [Row(TODAY, 90.0, "P", iv=0.5), Row(TODAY, 80.0, "P", iv=0.6)]
    result = compute_expiry(rows, SPOT, 73, ("ATM",), 0.0)
    assert result.iv["ATM"]["mid"] == 0.5
    assert result.flags == {"forward_from_spot", "vendor_iv", "single_strike"}


def test_linear_in_delta_between_the_first_bracketing_strikes() -> None:
    years = 0.2
    # d1 such that |delta| is 0.40 and 0.30: the answer is half way between the vols
    rows = []
    for d1, sigma in ((0.2533471031357997, 0.30), (0.5244005127080407, 0.40)):
        spread = sigma * math.sqrt(years)
        strike = SPOT * math.exp(spread * spread / 2 - d1 * spread)
        rows.append(Row(TODAY, strike, "P", iv=sigma))
    result = compute_expiry(rows, SPOT, 73, ("35d_put",), 0.0)
    assert result.iv["35d_put"]["mid"] == pytest.approx(0.35, abs=1e-11)
    assert result.contracts["35d_put"] == tuple(rows)


def test_forward_is_the_median_of_the_five_nearest() -> None:
    rows = []
    # parity forwards of 90, 95, 100, 105, 110 (the five nearest), then of far strikes
    for strike, gap in ((90, 9), (95, 6), (100, 1), (105, -4), (110, -30), (85, 90)):
        rows.append(Row(TODAY, float(strike), "C", bid=100.0 + gap, ask=100.0 + gap))
        rows.append(Row(TODAY, float(strike), "P", bid=100.0, ask=100.0))
    assert compute_expiry(rows, SPOT, 73, (), 0.0).forward == 101.0
    assert compute_expiry(rows[:4], SPOT, 73, (), 0.0).forward == 100.0


def test_recorded_chains_can_be_read() -> None:
    root = recorded_dir()
    if root is None:
        pytest.skip("no recorded data")
    paths = sorted((root / "chains").iterdir())
    if not paths:
        pytest.skip("no chains")
    small = min(paths, key=lambda path: path.stat().st_size)
    snapshots = list(iter_snapshots(small))
    assert snapshots
    assert all(one.as_of.utcoffset() == timedelta(0) for one in snapshots)
    keys = [(one.ticker, one.as_of) for one in snapshots]
    assert all(before < after for before, after in pairwise(keys))
