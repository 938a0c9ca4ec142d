"""What becomes of positions, on small streams worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from forward_factor.backtest.engine import Recording, Simulation
from forward_factor.backtest.fills import FILLS, Fill, profit
from forward_factor.backtest.rules import BacktestRules, Costs, EntryRules, ExitRules
from forward_factor.backtest.trades import ExitReason, Skip, Trade
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.rules import PairRule, ScanRules
from forward_factor.core.staleness import quotes_digest
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput
from tests.unit.backtest.streams import (
    BACK,
    FIRST_DAY,
    FRONT,
    PAIR,
    RULES,
    at,
    calm,
    chain_on,
    run,
    run_all,
    without_contract,
)

EVE = date(2026, 6, 30)
LATER = date(2026, 6, 15)


def only(trades: list[Trade]) -> Trade:
    (trade,) = trades
    return trade


def quote_of(chain: Chain, expiry: date, strike: float) -> tuple[float, float]:
    contracts = chain.contracts
    row = (contracts.expiry == np.datetime64(expiry)) & (contracts.strike == strike) & contracts.is_call
    return float(contracts.bid[row][0]), float(contracts.ask[row][0])


def test_a_calendar_is_opened_at_the_signal_and_closed_the_day_before_expiry() -> None:
    opens, closes = chain_on(FIRST_DAY), calm(EVE)
    trade = only(run([opens, calm(LATER), closes, calm(FRONT)]).trades)
    assert [(leg.expiry, leg.strike, leg.sign) for leg in trade.opening.legs] == [(FRONT, 100.0, -1), (BACK, 100.0, 1)]
    assert (trade.opening.entry.at, trade.closing.at) == (opens.as_of, closes.as_of)
    assert trade.closing.reason is ExitReason.BEFORE_EXPIRY
    (front_bid, front_ask), (back_bid, back_ask) = (quote_of(opens, one, 100.0) for one in (FRONT, BACK))
    contracts = int(10_000 / (100 * (back_ask - front_bid)))
    assert trade.opening.contracts == contracts
    (front_bid_2, front_ask_2), (back_bid_2, back_ask_2) = (quote_of(closes, one, 100.0) for one in (FRONT, BACK))
    at_touch = 100 * contracts * ((back_bid_2 - front_ask_2) - (back_ask - front_bid)) - 4 * 0.65 * contracts
    assert profit(trade, Fill.TOUCH, Costs()) == pytest.approx(at_touch)
    mids = [(bid + ask) / 2 for bid, ask in ((front_bid, front_ask), (back_bid, back_ask))]
    mids_2 = [(bid + ask) / 2 for bid, ask in ((front_bid_2, front_ask_2), (back_bid_2, back_ask_2))]
    at_mid = 100 * contracts * (mids_2[1] - mids_2[0] - mids[1] + mids[0]) - 4 * 0.65 * contracts
    assert profit(trade, Fill.MID, Costs()) == pytest.approx(at_mid)
    assert profit(trade, Fill.PARTIAL, Costs(0.5)) == pytest.approx((at_mid + at_touch) / 2)


def test_a_put_calendar_and_a_double_have_their_legs() -> None:
    chains = [chain_on(FIRST_DAY), calm(EVE)]
    puts = replace(RULES, entry=EntryRules((PAIR,), Structure.PUT))
    assert [leg.is_call for leg in only(run(chains, puts).trades).opening.legs] == [False, False]
    double = replace(RULES, entry=EntryRules((PAIR,), Structure.DOUBLE))
    legs = only(run(chains, double).trades).opening.legs
    assert [(leg.is_call, leg.sign) for leg in legs] == [(False, -1), (False, 1), (True, -1), (True, 1)]
    assert legs[0].strike == legs[1].strike < 100.0 < legs[2].strike == legs[3].strike


def test_without_quotes_on_the_exit_day_it_is_settled_at_the_front_s_intrinsic_value_and_the_back_s_bid() -> None:
    eve = without_contract(calm(EVE), BACK, 100.0)
    expired = calm(FRONT, spot=104.0)
    trade = only(run([chain_on(FIRST_DAY), eve, expired]).trades)
    assert (trade.closing.reason, trade.closing.at, trade.closing.spot) == (ExitReason.SETTLED, expired.as_of, 104.0)
    assert [price.settled for price in trade.closing.prices] == [4.0, quote_of(expired, BACK, 100.0)[0]]


def test_a_back_that_is_not_quoted_at_settlement_counts_at_its_intrinsic_value() -> None:
    expired = without_contract(calm(FRONT, spot=104.0), BACK, 100.0)
    trade = only(run([chain_on(FIRST_DAY), expired]).trades)
    assert [(price.quote, price.settled) for price in trade.closing.prices] == [(None, 4.0), (None, 4.0)]


def test_before_the_close_of_the_expiry_day_nothing_is_settled() -> None:
    morning = calm(FRONT, hour=14)
    trade = only(run([chain_on(FIRST_DAY), morning, calm(FRONT)]).trades)
    assert trade.closing.at == at(FRONT)


def test_a_stale_print_is_not_traded_on() -> None:
    """A front at a few cents between neighbours at dollars would be a profit that nobody could have made."""
    eve = calm(EVE, spot=103.0)
    contracts = eve.contracts
    row = (contracts.expiry == np.datetime64(FRONT)) & (contracts.strike == 102.0) & contracts.is_call
    contracts.bid[row], contracts.ask[row] = 0.02, 0.03
    opens = chain_on(FIRST_DAY, spot=101.8)
    trade = only(run([opens, eve, calm(FRONT, spot=103.0)]).trades)
    assert trade.opening.legs[0].strike == 102.0
    assert trade.closing.reason is ExitReason.SETTLED
    sound = only(run([opens, calm(EVE, spot=103.0), calm(FRONT, spot=103.0)]).trades)
    assert sound.closing.reason is ExitReason.BEFORE_EXPIRY


def test_a_worthless_front_is_bought_back_at_its_ask() -> None:
    eve = calm(EVE, spot=80.0)
    row = (eve.contracts.expiry == np.datetime64(FRONT)) & (eve.contracts.strike >= 90.0) & eve.contracts.is_call
    eve.contracts.bid[row], eve.contracts.ask[row] = 0.0, 0.05
    trade = only(run([chain_on(FIRST_DAY), eve]).trades)
    assert trade.closing.reason is ExitReason.BEFORE_EXPIRY
    quote = trade.closing.prices[0].quote
    assert quote is not None
    assert (quote.bid, quote.ask) == (0.0, 0.05)


@pytest.mark.parametrize(
    ("rules", "front_vol", "reason"),
    [
        (ExitRules(target=1.0), 0.30, ExitReason.TARGET),
        (ExitRules(stop=0.3), 0.58, ExitReason.STOP),
        (ExitRules(target=9.0, stop=0.9), 0.45, ExitReason.END_OF_DATA),
        (ExitRules(days_before_expiry=12), 0.30, ExitReason.BEFORE_EXPIRY),
    ],
)
def test_targets_and_stops_look_at_mids(rules: ExitRules, front_vol: float, reason: ExitReason) -> None:
    trade = only(run([chain_on(FIRST_DAY), chain_on(LATER, front_vol, 0.35)], replace(RULES, exit=rules)).trades)
    assert (trade.closing.reason, trade.closing.at) == (reason, at(LATER))


def test_what_is_open_at_the_end_is_closed_at_its_last_mark() -> None:
    last = without_contract(calm(LATER), FRONT, 100.0)
    trade = only(run([chain_on(FIRST_DAY), calm(date(2026, 6, 10)), last]).trades)
    assert (trade.closing.reason, trade.closing.at) == (ExitReason.END_OF_DATA, at(date(2026, 6, 10)))
    alone = only(run([chain_on(FIRST_DAY)]).trades)
    assert alone.closing.at == alone.opening.entry.at
    assert profit(alone, Fill.MID, Costs()) == pytest.approx(-4 * 0.65 * alone.opening.contracts)


def test_one_position_a_ticker_and_pair() -> None:
    days = [FIRST_DAY + timedelta(days=number) for number in (0, 1, 2)]
    book = run([chain_on(day, ticker=ticker) for day in days for ticker in ("AAA", "BBB")])
    assert len(book.trades) == 2
    assert (book.signals, dict(book.skipped)) == (6, {Skip.POSITION_OPEN: 4})


def test_a_pair_is_not_entered_at_the_snapshot_that_closed_it() -> None:
    rules = replace(RULES, exit=ExitRules(target=0.001, stop=0.001))
    days = [FIRST_DAY + timedelta(days=number) for number in (0, 1, 2)]
    book = run([chain_on(day) for day in days], rules)
    assert [trade.opening.entry.at for trade in book.trades] == [at(days[0]), at(days[2])]


def test_stability_waits_for_signals_in_a_row() -> None:
    days = [FIRST_DAY + timedelta(days=number) for number in range(4)]
    chains = [chain_on(days[0]), calm(days[1]), chain_on(days[2]), chain_on(days[3])]
    rules = replace(RULES, entry=replace(RULES.entry, stability=2))
    book = run(chains, rules)
    assert only(book.trades).opening.entry.at == at(days[3])
    assert book.skipped[Skip.NOT_STABLE_YET] == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"risk": 0.0001}, Skip.STAKE_TOO_SMALL),
        ({"capacity": 0.001}, Skip.NO_CAPACITY),
        ({"max_at_risk": 0.0001}, Skip.NO_ROOM),
    ],
)
def test_a_signal_without_room_is_skipped(change: dict[str, float], reason: Skip) -> None:
    rules = replace(RULES, size=replace(RULES.size, **change))  # type: ignore[arg-type]
    assert dict(run([chain_on(FIRST_DAY)], rules).skipped) == {reason: 1}


def test_no_more_positions_than_allowed() -> None:
    rules = replace(RULES, size=replace(RULES.size, max_positions=1))
    book = run([chain_on(FIRST_DAY, ticker=ticker) for ticker in ("AAA", "BBB")], rules)
    assert [trade.opening.ticker for trade in book.trades] == ["AAA"]
    assert dict(book.skipped) == {Skip.TOO_MANY_POSITIONS: 1}


def test_an_entry_on_or_after_the_exit_day_is_too_late() -> None:
    rules = replace(RULES, exit=ExitRules(days_before_expiry=30))
    assert dict(run([chain_on(FIRST_DAY)], rules).skipped) == {Skip.TOO_CLOSE_TO_EXPIRY: 1}


def test_a_repeated_snapshot_counts_for_nothing() -> None:
    eve = calm(EVE)
    stale = replace(eve, as_of=at(EVE, 22), spot=90.0)
    (book,), seen = run_all([chain_on(FIRST_DAY), eve, eve, stale], [RULES])
    assert only(book.trades).closing.at == eve.as_of
    assert (seen.snapshots, seen.stale, seen.repeated) == (3, 1, 1)
    stale_first = [chain_on(FIRST_DAY), replace(chain_on(FIRST_DAY), as_of=at(FIRST_DAY, 21))]
    assert len(run(stale_first).trades) == 1


def test_known_earnings_refuse_the_entry() -> None:
    event = EarningsEvent("TEST", date(2026, 7, 15), Timing.AFTER_CLOSE, is_confirmed=True, source="test")
    simulation = Simulation([RULES])
    chain = chain_on(FIRST_DAY)
    simulation.take([Recording(chain, quotes_digest(chain), (event,))])
    simulation.end()
    assert simulation.books[0].signals == 0


def test_equity_ends_where_the_trades_do() -> None:
    days = [FIRST_DAY, LATER, EVE, FRONT]
    book = run([chain_on(day, 0.45 - 0.05 * number, 0.35) for number, day in enumerate(days)])
    won = [sum(profit(trade, fill, RULES.costs) for trade in book.trades) for fill in FILLS]
    assert [row.day for row in book.rows] == days
    assert book.rows[-1].profits.tolist() == pytest.approx(won)
    first = book.rows[0]
    opening = book.trades[0].opening
    assert first.profits[0] == pytest.approx(-2 * 0.65 * opening.contracts)
    assert (first.open_positions, first.at_risk) == (1, opening.max_loss)
    assert all(row.profits[2] <= row.profits[1] <= row.profits[0] for row in book.rows)


def test_a_spot_that_jumps_is_noted() -> None:
    _, seen = run_all([chain_on(FIRST_DAY), chain_on(LATER, spot=62.0)], [RULES])
    assert [(jump.ticker, jump.before, jump.after) for jump in seen.jumps] == [("TEST", 100.0, 62.0)]


def test_trials_share_one_pass_and_do_not_meet() -> None:
    chains = [chain_on(FIRST_DAY), calm(LATER), calm(EVE)]
    trials = [
        RULES,
        replace(RULES, entry=replace(RULES.entry, structure=Structure.DOUBLE)),
        replace(RULES, entry=replace(RULES.entry, pairs=(PairRule(30, 90, 5, 40),), threshold=0.0)),
    ]
    together, _ = run_all(chains, trials)
    assert [book.trades for book in together] == [run(chains, rules).trades for rules in trials]


def test_trials_with_different_gates_are_refused() -> None:
    other = BacktestRules(RULES.entry, gates=ScanRules(min_volume=0))
    with pytest.raises(InvalidInput, match="share their gates"):
        Simulation([RULES, other])


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="comes after"):
        run([chain_on(LATER), chain_on(FIRST_DAY)])
