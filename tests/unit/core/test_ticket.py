"""The trade ticket: its money on plain numbers, its strikes on small chains."""

from __future__ import annotations

from math import exp, inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.chain import Chain
from forward_factor.core.pairing import NO_CURVE
from forward_factor.core.rules import VolPoint
from forward_factor.core.ticket import (
    Calendar,
    Debit,
    Quote,
    Refusal,
    Right,
    Stake,
    Ticket,
    double_ff,
    kelly_fraction,
    price_calendar,
    suggest_contracts,
    write_calendar,
    write_double_calendar,
)
from forward_factor.errors import InvalidInput
from tests.chains import priced_chain
from tests.reference.slow_black76 import Market, black_price
from tests.reference.slow_domain import Row
from tests.unit.core.small_chains import (
    ALL_POINTS,
    at_dte,
    day,
    edited,
    quoted,
    scan_one,
    small_chain,
    structures_of,
    without,
)

RATE = 0.04
CENTS = st.integers(1, 100_000).map(lambda cents: cents / 100)
GOOD = priced_chain({30: 0.45, 60: 0.35})


def debit_of(front: Quote, back: Quote) -> Debit:
    debit = price_calendar(front, back)
    assert isinstance(debit, Debit)
    return debit


def written(ticket: Ticket | Refusal) -> Ticket:
    assert isinstance(ticket, Ticket)
    return ticket


def calendar(chain: Chain, point: VolPoint = VolPoint.ATM, prefers: Right = Right.CALL, rate: float = RATE) -> Calendar:
    (only,) = written(write_calendar(structures_of(chain, rate=rate), 0, 1, point, rate, prefers)).calendars
    return only


class TestDoubleFf:
    @pytest.mark.parametrize(("put_ff", "call_ff", "expected"), [(0.3, 0.2, 0.2), (0.1, 0.4, 0.1), (-0.1, 0.0, -0.1)])
    def test_the_smaller(self, put_ff: float, call_ff: float, expected: float) -> None:
        assert double_ff(put_ff, call_ff) == expected

    @pytest.mark.parametrize(("put_ff", "call_ff"), [(nan, 0.3), (0.3, nan), (nan, nan)])
    def test_missing_if_either_is(self, put_ff: float, call_ff: float) -> None:
        assert np.isnan(double_ff(put_ff, call_ff))


class TestPriceCalendar:
    def test_worked(self) -> None:
        debit = debit_of(front=Quote(1.00, 1.10), back=Quote(2.00, 2.20))
        assert debit.at_mid == pytest.approx(1.05)
        assert debit.at_touch == pytest.approx(1.20)
        assert debit.spread_cost == pytest.approx(0.15)
        assert debit.spread_cost_share == pytest.approx(0.15 / 1.05)
        assert debit.max_loss == pytest.approx(1.20)
        assert debit.max_loss_per_contract == pytest.approx(120.0)

    @pytest.mark.parametrize(
        ("front", "back"),
        [
            (Quote(2.0, 2.2), Quote(1.0, 1.1)),
            (Quote(1.0, 1.1), Quote(1.0, 1.1)),
            (Quote(1.0, 1.2), Quote(0.9, 1.3)),
            (Quote(1.1, 1.3), Quote(1.15, 1.25)),
            (Quote(1.0, 3.0), Quote(1.5, 1.6)),
        ],
    )
    def test_a_debit_not_above_zero_is_refused(self, front: Quote, back: Quote) -> None:
        assert price_calendar(front, back) is Refusal.DEBIT_NOT_POSITIVE

    def test_last_bits_are_no_debit(self) -> None:
        front, back = Quote(0.1 + 0.2, 0.1 + 0.2), Quote(0.3, 0.3)
        assert front.mid > back.mid
        assert price_calendar(front, back) is Refusal.DEBIT_NOT_POSITIVE
        assert price_calendar(back, front) is Refusal.DEBIT_NOT_POSITIVE
        dearer = Quote(0.25, np.nextafter(0.35, 1.0))
        assert dearer.mid > Quote(0.25, 0.35).mid
        assert price_calendar(Quote(0.25, 0.35), dearer) is Refusal.DEBIT_NOT_POSITIVE

    @pytest.mark.parametrize("bad", [(nan, 1.0), (1.0, nan), (nan, nan), (0.0, 1.0), (-1.0, 1.0), (1.0, inf)])
    def test_missing_quotes_are_refused(self, bad: tuple[float, float]) -> None:
        assert price_calendar(Quote(*bad), Quote(2.0, 2.1)) is Refusal.MISSING_QUOTES
        assert price_calendar(Quote(0.5, 0.6), Quote(*bad)) is Refusal.MISSING_QUOTES

    @pytest.mark.parametrize("bad", [(1.2, 1.1), (1.0, 0.0), (1.0, -1.0), (inf, 1.0)])
    def test_crossed_quotes_are_refused(self, bad: tuple[float, float]) -> None:
        assert price_calendar(Quote(*bad), Quote(2.0, 2.1)) is Refusal.CROSSED_QUOTES
        assert price_calendar(Quote(0.5, 0.6), Quote(*bad)) is Refusal.CROSSED_QUOTES

    @pytest.mark.parametrize("huge", [Quote(1e308, 1.7e308), Quote(1e307, 1e307)])
    def test_debits_beyond_floats_are_refused(self, huge: Quote) -> None:
        assert price_calendar(Quote(1.0, 1.1), huge) is Refusal.DEBIT_NOT_POSITIVE

    @given(CENTS, CENTS, CENTS, CENTS, st.integers(-20, 20))
    def test_touch_costs_at_least_mid_and_all_scales_with_price(
        self, front_bid: float, front_gap: float, back_bid: float, back_gap: float, power: int
    ) -> None:
        front, back = Quote(front_bid, front_bid + front_gap), Quote(back_bid, back_bid + back_gap)
        debit = price_calendar(front, back)
        if isinstance(debit, Refusal):
            assert back.mid - front.mid <= 1e-9
            return
        assert debit.spread_cost == pytest.approx((front_gap + back_gap) / 2, abs=1e-9)
        assert 0 < debit.at_mid < debit.at_touch
        scale = 2.0**power
        scaled = debit_of(*(Quote(one.bid * scale, one.ask * scale) for one in (front, back)))
        assert scaled == Debit(debit.at_mid * scale, debit.at_touch * scale)
        assert scaled.spread_cost_share == debit.spread_cost_share


class TestSize:
    @pytest.mark.parametrize(
        ("win_rate", "ratio", "fraction"),
        [(0.6, 1.0, 0.2), (0.5, 1.0, 0.0), (0.5, 2.0, 0.25), (0.4, 1.0, -0.2), (1.0, 3.0, 1.0), (0.0, 2.0, -0.5)],
    )
    def test_kelly(self, win_rate: float, ratio: float, fraction: float) -> None:
        assert kelly_fraction(win_rate, ratio) == pytest.approx(fraction)

    @pytest.mark.parametrize(
        ("stake", "max_loss", "contracts"),
        [
            (Stake(0.55, 1.0, 10_000), 120.0, 2),
            (Stake(0.6, 1.0, 10_000), 120.0, 3),
            (Stake(0.9, 5.0, 10_000), 120.0, 3),
            (Stake(0.54, 1.0, 10_000), 100.0, 2),
            (Stake(0.54, 1.0, 10_000), 100.1, 1),
            (Stake(0.9, 5.0, 10_000), 401.0, 0),
            (Stake(0.4, 1.0, 10_000), 1.0, 0),
            (Stake(0.5, 1.0, 10_000), 1.0, 0),
        ],
    )
    def test_quarter_kelly_capped_at_four_percent(self, stake: Stake, max_loss: float, contracts: int) -> None:
        assert suggest_contracts(max_loss, stake) == contracts

    def test_last_bits_cost_no_contract(self) -> None:
        assert 0.04 * 11_000 / (1.1 * 100) < 4
        assert suggest_contracts(1.1 * 100, Stake(0.9, 5.0, 11_000)) == 4

    @pytest.mark.parametrize(
        ("win_rate", "ratio", "bankroll"),
        [
            (-0.1, 1.0, 1e4), (1.1, 1.0, 1e4), (nan, 1.0, 1e4), (60, 1.0, 1e4),
            (0.6, 0.0, 1e4), (0.6, -1.0, 1e4), (0.6, nan, 1e4), (0.6, inf, 1e4),
            (0.6, 1.0, 0.0), (0.6, 1.0, -1.0), (0.6, 1.0, nan), (0.6, 1.0, inf),
        ],
    )  # fmt: skip
    def test_a_stake_out_of_range_is_refused(self, win_rate: float, ratio: float, bankroll: float) -> None:
        with pytest.raises(InvalidInput):
            Stake(win_rate, ratio, bankroll)

    @given(st.floats(0, 1), st.floats(0.01, 100), st.floats(1, 1e12), st.floats(1e-7, 1e6))
    def test_never_above_the_cap_and_one_more_would_be_too_many(
        self, win_rate: float, ratio: float, bankroll: float, max_loss: float
    ) -> None:
        contracts = suggest_contracts(max_loss, Stake(win_rate, ratio, bankroll))
        at_risk = min(max(kelly_fraction(win_rate, ratio), 0) / 4, 0.04) * bankroll
        assert 0 <= contracts * max_loss <= at_risk * (1 + 1e-8)
        assert (contracts + 1) * max_loss >= at_risk


class TestCalendarAtTheMoney:
    def test_sells_the_front_and_buys_the_back_at_one_strike(self) -> None:
        found = calendar(GOOD)
        assert (found.right, found.strike) == (Right.CALL, 100.0)
        assert (found.front_expiry, found.back_expiry) == (day(30), day(60))
        assert found.target_strike == pytest.approx(100 * exp(RATE * 30 / 365))
        front, back = (_fair("C", 100.0, dte, vol) for dte, vol in ((30, 0.45), (60, 0.35)))
        assert (found.front.bid, found.front.ask) == pytest.approx((front * 0.99, front * 1.01))
        assert (found.back.bid, found.back.ask) == pytest.approx((back * 0.99, back * 1.01))
        assert found.debit.at_mid == pytest.approx(back - front)
        assert found.debit.at_touch == pytest.approx(back * 1.01 - front * 0.99)

    def test_put_where_preferred(self) -> None:
        found = calendar(GOOD, prefers=Right.PUT)
        assert (found.right, found.strike) == (Right.PUT, 100.0)
        assert found.front.mid == pytest.approx(_fair("P", 100.0, 30, 0.45))

    def test_the_forward_decides_not_spot(self) -> None:
        found = calendar(priced_chain({30: 0.45, 60: 0.35}, spot=100.9, strikes=(98, 100, 102, 104)))
        assert found.target_strike > 101
        assert found.strike == 102.0

    def test_of_two_equally_near_the_lower(self) -> None:
        rows = [quoted(dte, strike, "C", bid) for dte, bid in ((30, 2.0), (60, 3.0)) for strike in (99.0, 101.0, 103.0)]
        found = calendar(small_chain(rows), rate=0.0)
        assert found.target_strike == 100.0
        assert found.strike == 99.0

    @pytest.mark.parametrize("dte", [30, 60])
    @pytest.mark.parametrize(("bid", "ask"), [(nan, 1.0), (0.0, 1.0), (2.0, 1.0), (1.0, inf)])
    def test_a_strike_needs_usable_quotes_in_both(self, dte: int, bid: float, ask: float) -> None:
        contracts = GOOD.contracts
        bad = edited(GOOD, at_dte(GOOD, dte) & (contracts.strike == 100) & contracts.is_call, bid=bid, ask=ask)
        assert calendar(bad).strike == 102.0
        assert calendar(bad, prefers=Right.PUT).strike == 100.0

    @pytest.mark.parametrize("dte", [30, 60])
    def test_a_strike_must_be_listed_in_both(self, dte: int) -> None:
        gone = np.isin(GOOD.contracts.strike, [98, 100, 102])
        assert calendar(without(GOOD, at_dte(GOOD, dte) & gone)).strike == 104.0

    def test_refused_without_a_common_strike(self) -> None:
        odd = GOOD.contracts.strike % 4 == 0
        apart = without(GOOD, np.where(at_dte(GOOD, 30), odd, ~odd))
        assert write_calendar(structures_of(apart), 0, 1, VolPoint.ATM, RATE) is Refusal.NO_COMMON_STRIKE
        no_quotes = edited(GOOD, at_dte(GOOD, 60), bid=nan)
        assert write_calendar(structures_of(no_quotes), 0, 1, VolPoint.ATM, RATE) is Refusal.NO_COMMON_STRIKE

    @pytest.mark.parametrize(("front", "back"), [(NO_CURVE, 1), (0, NO_CURVE), (NO_CURVE, NO_CURVE)])
    def test_refused_without_both_expiries(self, front: int, back: int) -> None:
        assert write_calendar(structures_of(GOOD), front, back, VolPoint.ATM, RATE) is Refusal.NO_EXPIRY_PAIR

    def test_refused_where_the_front_costs_more_than_the_back(self) -> None:
        inverted = structures_of(priced_chain({30: 0.45, 60: 0.20}))
        assert write_calendar(inverted, 0, 1, VolPoint.ATM, RATE) is Refusal.DEBIT_NOT_POSITIVE

    def test_refused_on_a_forward_below_zero(self) -> None:
        chain = edited(GOOD, ~GOOD.contracts.is_call, bid=1000.0, ask=1000.0)
        assert write_calendar(structures_of(chain), 0, 1, VolPoint.ATM, RATE) is Refusal.NO_VOL_POINT

    def test_curves_of_other_chains_stay_out(self) -> None:
        other = priced_chain({30: 0.6, 60: 0.5}, spot=200.0, strikes=range(150, 251, 5))
        structures = structures_of(other, GOOD, other)
        alone = write_calendar(structures_of(GOOD), 0, 1, VolPoint.ATM, RATE)
        assert write_calendar(structures, 2, 3, VolPoint.ATM, RATE) == alone
        (spread,) = written(write_calendar(structures, 4, 5, VolPoint.ATM, RATE)).calendars
        assert spread.strike == 200.0

    def test_takes_the_curves_of_a_candidate(self) -> None:
        batch = scan_one(GOOD, ALL_POINTS)
        front, back = int(batch.candidates.front[0]), int(batch.candidates.back[0])
        ticket = write_calendar(batch.structures, front, back, VolPoint.ATM, batch.rules.risk_free_rate)
        assert written(ticket).calendars[0] == calendar(GOOD)


def _fair(right: str, strike: float, dte: int, vol: float) -> float:
    years = dte / 365
    return black_price(Market(100 * exp(RATE * years), years, RATE), strike, right, vol)


class TestCalendarAtDelta:
    YEARS = 73 / 365

    def rows(self, right: str) -> list[Row]:
        """Return strikes of 0.40 and 0.30 delta at the front, and those around them at the back; rate 0."""
        sign = 1 if right == "P" else -1
        strikes = []
        for d1, vol in ((0.2533471031357997, 0.3), (0.5244005127080407, 0.4)):
            spread = vol * sqrt(self.YEARS)
            strikes.append((100 * exp(spread * spread / 2 - sign * d1 * spread), vol))
        front = [
            quoted(73, strike, right, black_price(Market(100.0, self.YEARS, 0.0), strike, right, vol))
            for strike, vol in strikes
        ]
        return front + [quoted(110, strike, right, 20.0) for strike, _ in strikes]

    @pytest.mark.parametrize(("point", "right"), [(VolPoint.PUT_35D, Right.PUT), (VolPoint.CALL_35D, Right.CALL)])
    def test_aims_between_the_strikes_behind_the_vol_point(self, point: VolPoint, right: Right) -> None:
        rows = self.rows(right.value)
        near, far = rows[0].strike, rows[1].strike
        middle = (near + far) / 2
        extra = [quoted(dte, middle + 0.1, right.value, bid) for dte, bid in ((73, None), (110, 20.0))]
        other = Right.PUT if right is Right.CALL else Right.CALL
        found = calendar(small_chain([*rows, *extra]), point, prefers=other, rate=0.0)
        assert found.target_strike == pytest.approx(middle, abs=1e-9)
        assert found.strike in {near, far}
        assert found.right is right

    @pytest.mark.parametrize(("point", "sign"), [(VolPoint.PUT_35D, -1), (VolPoint.CALL_35D, 1)])
    def test_strike_of_flat_vols(self, point: VolPoint, sign: int) -> None:
        years, forward = 30 / 365, 100 * exp(RATE * 30 / 365)
        spread = 0.45 * sqrt(years)
        expected = forward * exp(spread * spread / 2 + sign * 0.3853204664075676 * spread)
        found = calendar(GOOD, point, prefers=Right.PUT)
        assert found.target_strike == pytest.approx(expected, abs=0.03)
        assert found.strike == 2 * round(expected / 2)
        assert found.right is (Right.PUT if sign < 0 else Right.CALL)

    def test_vendor_vols_aim_where_quotes_do_not(self) -> None:
        contracts = GOOD.contracts
        rows = at_dte(GOOD, 30) & contracts.is_call & (contracts.strike > 102)
        found = calendar(edited(GOOD, rows, bid=nan, iv=0.45), VolPoint.CALL_35D)
        assert found.target_strike == pytest.approx(calendar(GOOD, VolPoint.CALL_35D).target_strike, abs=1e-6)
        assert found.strike == 102.0

    def test_refused_without_the_point_at_the_front(self) -> None:
        structures = structures_of(without(GOOD, at_dte(GOOD, 30) & (GOOD.contracts.strike > 100)))
        assert write_calendar(structures, 0, 1, VolPoint.CALL_35D, RATE) is Refusal.NO_VOL_POINT


class TestDoubleCalendar:
    def test_a_put_and_a_call_calendar_together(self) -> None:
        structures = structures_of(GOOD)
        found = written(write_double_calendar(structures, 0, 1, RATE))
        put, call = found.calendars
        assert (put, call) == (calendar(GOOD, VolPoint.PUT_35D), calendar(GOOD, VolPoint.CALL_35D))
        assert (put.right, call.right) == (Right.PUT, Right.CALL)
        assert put.strike < 100 < call.strike
        assert found.debit.at_mid == put.debit.at_mid + call.debit.at_mid
        assert found.debit.at_touch == put.debit.at_touch + call.debit.at_touch
        assert found.debit.max_loss_per_contract == pytest.approx(100 * (put.debit.max_loss + call.debit.max_loss))

    @pytest.mark.parametrize("above", [True, False])
    def test_refused_if_either_cannot_be_had(self, above: bool) -> None:
        strike = GOOD.contracts.strike
        gone = at_dte(GOOD, 30) & (strike > 100 if above else strike < 100)
        found = write_double_calendar(structures_of(without(GOOD, gone)), 0, 1, RATE)
        assert found is Refusal.NO_VOL_POINT

    def test_refused_without_both_expiries(self) -> None:
        assert write_double_calendar(structures_of(GOOD), 0, NO_CURVE, RATE) is Refusal.NO_EXPIRY_PAIR

    def test_a_good_wing_does_not_pay_for_a_bad_one(self) -> None:
        back, is_call = at_dte(GOOD, 60), GOOD.contracts.is_call
        lopsided = edited(edited(GOOD, back & is_call, bid=0.5, ask=0.5), back & ~is_call, bid=20.0, ask=20.0)
        structures = structures_of(lopsided)
        assert calendar(lopsided, VolPoint.PUT_35D).debit.at_mid > 15
        assert write_double_calendar(structures, 0, 1, RATE) is Refusal.DEBIT_NOT_POSITIVE


class TestSuggestedSize:
    STAKE = Stake(win_rate=0.6, win_loss_ratio=1.0, bankroll=100_000)

    def test_no_size_without_a_stake(self) -> None:
        structures = structures_of(GOOD)
        assert written(write_calendar(structures, 0, 1, VolPoint.ATM, RATE)).contracts is None
        assert written(write_double_calendar(structures, 0, 1, RATE)).contracts is None

    def test_by_the_debit_at_touch_of_the_whole_ticket(self) -> None:
        structures = structures_of(GOOD)
        single = written(write_calendar(structures, 0, 1, VolPoint.ATM, RATE, stake=self.STAKE))
        double = written(write_double_calendar(structures, 0, 1, RATE, self.STAKE))
        for ticket in (single, double):
            assert ticket.contracts == int(4_000 // (ticket.debit.at_touch * 100))
        assert single.contracts != double.contracts
