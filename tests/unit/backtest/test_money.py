"""Fills, sizes, soundness and days, on plain numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.backtest.exits import exit_day, settlement_instant
from forward_factor.backtest.fills import FILLS, Fill, entry_cost, profit, spread_share, traded_at
from forward_factor.backtest.moments import Leg
from forward_factor.backtest.rules import BacktestRules, Costs, EntryRules, ExitRules, SizeRules
from forward_factor.backtest.sizing import size_position
from forward_factor.backtest.soundness import Rung, is_sound
from forward_factor.backtest.splits import Standing
from forward_factor.backtest.trades import Closing, ExitPrice, ExitReason, Marked, Opening, Skip, Trade
from forward_factor.core.rules import PairRule, VolPoint
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Quote, Stake
from forward_factor.errors import InvalidInput

AT = datetime(2026, 6, 1, 20, tzinfo=UTC)
FRONT, BACK = date(2026, 7, 2), date(2026, 7, 31)
CENTS = st.integers(0, 5_000).map(lambda cents: cents / 100)
QUOTES = st.tuples(CENTS, CENTS).map(lambda pair: Quote(min(pair), max(pair) + 0.01))


def trade_of(entries: list[Quote], exits: list[ExitPrice], contracts: int = 3) -> Trade:
    legs = tuple(
        Leg(FRONT if place % 2 == 0 else BACK, 100.0, True, -1 if place % 2 == 0 else 1)
        for place in range(len(entries))
    )
    opening = Opening(
        "TEST", "30/60", Structure.CALL, contracts, legs,
        Marked(AT, 100.0, tuple(entries), Standing(legs)), 0.3, 0.4, 0.3, 0.25, FRONT, AT,
    )  # fmt: skip
    return Trade(opening, Closing(ExitReason.BEFORE_EXPIRY, AT, AT, 100.0, tuple(exits), opening.entry.standing))


class TestFills:
    def test_worked(self) -> None:
        trade = trade_of(
            [Quote(1.00, 1.10), Quote(2.00, 2.20)], [ExitPrice(Quote(0.20, 0.30)), ExitPrice(Quote(1.80, 1.90))]
        )
        # mid: (1.85 - 0.25) - (2.10 - 1.05) = 0.55; touch: (1.80 - 0.30) - (2.20 - 1.00) = 0.30
        costs = Costs(partial_share=0.2, commission=0.5)
        assert profit(trade, Fill.MID, costs) == pytest.approx(300 * 0.55 - 6)
        assert profit(trade, Fill.TOUCH, costs) == pytest.approx(300 * 0.30 - 6)
        assert profit(trade, Fill.PARTIAL, costs) == pytest.approx(300 * (0.55 - 0.2 * 0.25) - 6)

    def test_settled_legs_count_the_same_under_all_fills(self) -> None:
        exits = [ExitPrice(None, 4.0), ExitPrice(Quote(5.0, 9.0), 5.0)]
        trade = trade_of([Quote(1.0, 1.0), Quote(2.0, 2.0)], exits, contracts=1)
        assert [profit(trade, fill, Costs(commission=0.0)) for fill in FILLS] == pytest.approx([0.0, 0.0, 0.0])

    @given(st.lists(QUOTES, min_size=4, max_size=4), st.floats(0, 1), st.booleans())
    def test_touch_is_never_above_partial_nor_partial_above_mid(
        self, quotes: list[Quote], share: float, settled: bool
    ) -> None:
        exits = [ExitPrice(None, 1.0) if settled else ExitPrice(quotes[2]), ExitPrice(quotes[3])]
        trade = trade_of(quotes[:2], exits)
        mid, partial, touch = (profit(trade, fill, Costs(partial_share=share)) for fill in FILLS)
        assert touch <= partial + 1e-9
        assert partial <= mid + 1e-9

    @given(QUOTES)
    def test_the_touch_is_the_quote_itself(self, quote: Quote) -> None:
        assert (traded_at(quote, 1, 1.0), traded_at(quote, -1, 1.0)) == (quote.ask, quote.bid)

    def test_what_opening_costs(self) -> None:
        opening = trade_of([Quote(1.0, 1.2), Quote(2.0, 2.4)], [ExitPrice(None, 0.0)] * 2).opening
        assert [entry_cost(opening, spread_share(fill, Costs())) for fill in FILLS] == pytest.approx([1.1, 1.25, 1.4])
        assert (opening.debit_at_mid, opening.debit_at_touch) == pytest.approx((1.1, 1.4))
        assert opening.max_loss == pytest.approx(420.0)


def rung(
    bid: float, ask: float, *, is_call: bool = True, strike: float = 100.0, lower: Quote | None = None,
    higher: Quote | None = None, volume: float = 500.0, interest: float = 900.0,
) -> Rung:  # fmt: skip
    return Rung(strike, is_call, Quote(bid, ask), lower, higher, volume, interest)


class TestSoundness:
    @pytest.mark.parametrize(
        ("one", "sound"),
        [
            (rung(2.0, 2.1), True),
            (rung(9.0, 9.4, strike=90.0), False),  # 10 in the money, tolerance 0.5
            (rung(9.0, 9.5, strike=90.0), True),
            (rung(9.0, 9.4, strike=110.0, is_call=False), False),
            (rung(100.4, 101.0), True),
            (rung(100.6, 101.0), False),  # a call is not worth more than its underlying
            (rung(100.6, 101.0, is_call=False), False),  # nor a put more than its strike
            (rung(2.0, 2.1, lower=Quote(1.8, 1.9)), False),  # sell this, buy the lower strike
            (rung(2.0, 2.1, lower=Quote(1.8, 2.0)), True),
            (rung(2.0, 2.1, higher=Quote(2.2, 2.3)), False),
            (rung(2.0, 2.1, higher=Quote(2.1, 2.3)), True),
            (rung(2.0, 2.1, is_call=False, lower=Quote(2.2, 2.3)), False),
            (rung(2.0, 2.1, is_call=False, higher=Quote(1.8, 1.9)), False),
            (rung(2.0, 2.1, is_call=False, lower=Quote(1.0, 1.1), higher=Quote(3.0, 3.1)), True),
        ],
    )
    def test_bounds(self, one: Rung, sound: bool) -> None:
        assert is_sound(one, 100.0) is sound


class TestSize:
    def test_a_share_of_the_bankroll(self) -> None:
        assert size_position(130.0, [rung(1, 1)], SizeRules(capacity=0.0), 0, 0.0) == 15

    def test_a_quarter_of_kelly_capped(self) -> None:
        rules = SizeRules(kelly=Stake(0.5, 1.2, 1.0), capacity=0.0)  # f = 1/12, a quarter of it 2.08 %
        assert size_position(100.0, [rung(1, 1)], rules, 0, 0.0) == 20
        rich = SizeRules(kelly=Stake(0.9, 2.0, 1.0), capacity=0.0)
        assert size_position(100.0, [rung(1, 1)], rich, 0, 0.0) == 40
        hopeless = SizeRules(kelly=Stake(0.3, 1.0, 1.0))
        assert size_position(100.0, [rung(1, 1)], hopeless, 0, 0.0) is Skip.STAKE_TOO_SMALL

    def test_the_smallest_leg_is_the_capacity(self) -> None:
        legs = [rung(1, 1, volume=80), rung(1, 1, interest=59)]
        assert size_position(100.0, legs, SizeRules(), 0, 0.0) == 5
        assert size_position(100.0, [rung(1, 1, volume=nan)], SizeRules(), 0, 0.0) is Skip.NO_CAPACITY

    def test_room(self) -> None:
        assert size_position(100.0, [rung(1, 1)], SizeRules(capacity=0.0), 9, 19_700.0) == 3
        assert size_position(100.0, [rung(1, 1)], SizeRules(capacity=0.0), 9, 19_950.0) is Skip.NO_ROOM
        assert size_position(100.0, [rung(1, 1)], SizeRules(capacity=0.0), 10, 0.0) is Skip.TOO_MANY_POSITIONS


class TestDays:
    @pytest.mark.parametrize(
        ("expiry", "sessions", "day"),
        [
            (date(2026, 7, 2), 1, date(2026, 7, 1)),
            (date(2026, 7, 6), 1, date(2026, 7, 2)),  # the 3rd is a holiday
            (date(2026, 4, 2), 3, date(2026, 3, 30)),
            (date(2014, 7, 19), 1, date(2014, 7, 18)),  # a Saturday, as options once expired
        ],
    )
    def test_the_exit_day(self, expiry: date, sessions: int, day: date) -> None:
        assert exit_day(expiry, sessions) == day

    def test_settlement_is_at_the_last_close(self) -> None:
        assert settlement_instant(date(2026, 7, 2)) == datetime(2026, 7, 2, 20, tzinfo=UTC)
        assert settlement_instant(date(2014, 7, 19)) == datetime(2014, 7, 18, 20, tzinfo=UTC)
        assert settlement_instant(date(2026, 11, 27)) == datetime(2026, 11, 27, 18, tzinfo=UTC)  # a half day


class TestRules:
    @pytest.mark.parametrize(
        "wrong",
        [
            lambda: EntryRules(()),
            lambda: EntryRules((PairRule(30, 60, 5, 10), PairRule(30, 60, 5, 10))),
            lambda: EntryRules((PairRule(30, 60, 5, 10),), threshold=nan),
            lambda: EntryRules((PairRule(30, 60, 5, 10),), Structure.CALL, VolPoint.PUT_35D),
            lambda: EntryRules((PairRule(30, 60, 5, 10),), stability=0),
            lambda: ExitRules(0),
            lambda: ExitRules(target=0.0),
            lambda: ExitRules(stop=-0.1),
            lambda: SizeRules(bankroll=0.0),
            lambda: SizeRules(risk=1.5),
            lambda: SizeRules(max_at_risk=0.0),
            lambda: SizeRules(capacity=-0.1),
            lambda: SizeRules(max_positions=0),
            lambda: Costs(partial_share=1.1),
            lambda: Costs(commission=-1.0),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, wrong: object) -> None:
        assert callable(wrong)
        with pytest.raises(InvalidInput):
            wrong()

    def test_doubles_are_gated_at_both_points(self) -> None:
        entry = EntryRules((PairRule(30, 60, 5, 10),), Structure.DOUBLE)
        assert entry.points == (VolPoint.PUT_35D, VolPoint.CALL_35D)
        assert BacktestRules(entry).exit.days_before_expiry == 1
