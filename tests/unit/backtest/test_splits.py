"""Positions over a split: the same money where it is known, no profit or loss out of it where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from forward_factor.backtest.fills import Fill, profit
from forward_factor.backtest.rules import Costs, ExitRules
from forward_factor.backtest.splits import Splits, strike_after
from forward_factor.backtest.summary import summarise
from forward_factor.backtest.trades import ExitReason, Trade
from forward_factor.core.chain import Chain
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from tests.unit.backtest.streams import FIRST_DAY, FRONT, RULES, calm, chain_on, run, run_all

SPLIT_ON = FIRST_DAY + timedelta(days=8)
EVE = FRONT - timedelta(days=1)
FREE = replace(RULES, costs=Costs(commission=0.0))


def split_of(ratio: float, on: date = SPLIT_ON) -> CorporateAction:
    return CorporateAction("TEST", ActionKind.SPLIT, on, ratio=ratio)


def after(chain: Chain, ratio: float) -> Chain:
    """The chain as it is after a split."""
    one = chain.contracts
    strikes = one.strike / ratio
    return replace(
        chain,
        spot=chain.spot / ratio,
        contracts=replace(one, strike=strikes, bid=one.bid / ratio, ask=one.ask / ratio),
    )


def stream(ratio: float, spot: float = 100.0) -> list[Chain]:
    """Opened, held over the split, closed on the day before expiry."""
    between = calm(FIRST_DAY + timedelta(days=3))
    return [chain_on(FIRST_DAY), between, after(calm(SPLIT_ON), ratio), after(calm(EVE, spot), ratio)]


def only(trades: list[Trade]) -> Trade:
    assert len(trades) == 1
    return trades[0]


@pytest.mark.parametrize("ratio", [2, 4, 5])
def test_a_known_split_neither_wins_nor_loses(ratio: int) -> None:
    plain = only(run(stream(1.0), FREE).trades)
    trade = only(run(stream(ratio), FREE, splits=[split_of(ratio)]).trades)
    assert trade.opening == plain.opening
    assert (trade.closing.reason, trade.closing.at) == (ExitReason.BEFORE_EXPIRY, plain.closing.at)
    assert [leg.strike for leg in trade.closing.standing.legs] == [100.0 / ratio] * 2
    assert trade.closing.standing.ratio == ratio
    for fill in Fill:
        assert profit(trade, fill, FREE.costs) == pytest.approx(profit(plain, fill, FREE.costs))
    half = ExitRules(target=0.5)
    reasons = {only(run(chains, replace(FREE, exit=half), splits=said).trades).closing.reason for chains, said in [
        (stream(1.0), []), (stream(ratio), [split_of(ratio)])]}  # fmt: skip
    assert len(reasons) == 1


def test_commissions_are_paid_for_as_many_contracts_as_there_are() -> None:
    costs = Costs(commission=0.65)
    rules = replace(RULES, costs=costs)
    free, paid = (only(run(stream(4), one, splits=[split_of(4)]).trades) for one in (FREE, rules))
    contracts = free.opening.contracts
    owed = 0.65 * 2 * (contracts + 4 * contracts)
    assert profit(free, Fill.MID, FREE.costs) - profit(paid, Fill.MID, costs) == pytest.approx(owed)


@pytest.mark.parametrize(("ratio", "said"), [(4, []), (1.5, [split_of(1.5)]), (0.1, [split_of(0.1)])])
def test_what_nobody_can_adjust_is_closed_at_its_last_mark(ratio: float, said: list[CorporateAction]) -> None:
    (book,), observed = run_all(stream(ratio), [FREE], splits=said)
    trade = only(book.trades)
    before = calm(FIRST_DAY + timedelta(days=3))
    assert (trade.closing.reason, trade.closing.at) == (ExitReason.SPLIT, calm(SPLIT_ON).as_of)
    assert (trade.closing.quoted_at, trade.closing.standing.ratio) == (before.as_of, 1)
    assert len(observed.jumps) == (0 if said else 1)
    (exits,) = {leg.exit.at for leg in summarise(book, observed, Fill.MID).trades[0].legs}
    assert exits == before.as_of


def test_a_crash_of_listed_strikes_is_no_split() -> None:
    chains = [chain_on(FIRST_DAY), calm(SPLIT_ON, spot=63.0), calm(EVE, spot=63.0)]
    (book,), observed = run_all(chains, [FREE])
    assert only(book.trades).closing.reason is not ExitReason.SPLIT
    assert len(observed.jumps) == 1


def test_a_split_is_nothing_before_its_day_and_to_what_was_opened_after_it() -> None:
    early = [split_of(4, FIRST_DAY), split_of(2, FRONT + timedelta(days=30))]
    assert only(run(stream(1.0), FREE, splits=early).trades) == only(run(stream(1.0), FREE).trades)


def test_buy_and_hold_keeps_its_shares() -> None:
    for chains, said in (
        (stream(1.0, 110.0), []),
        (stream(4, 110.0), [split_of(4)]),
        (stream(1.5, 110.0), [split_of(1.5)]),
    ):
        (book,), observed = run_all(chains, [FREE], splits=said)
        result = summarise(book, observed, Fill.MID)
        assert result.equity[-1].hold == pytest.approx(110_000.0)
        assert result.data.spot_jumps == ()


def test_at_the_end_it_is_closed_as_it_was_marked() -> None:
    few = calm(SPLIT_ON).contracts.take(np.array([0, 1]))
    chains = [*stream(4)[:2], replace(after(calm(SPLIT_ON), 4), contracts=few)]
    trade = only(run(chains, FREE, splits=[split_of(4)]).trades)
    assert (trade.closing.reason, trade.closing.standing.ratio) == (ExitReason.END_OF_DATA, 1)


def test_strikes_are_rounded_as_the_clearing_house_does() -> None:
    assert [strike_after(strike, 7) for strike in (195.0, 645.0, 650.0, 1050.0)] == [27.86, 92.14, 92.86, 150.0]
    assert strike_after(22.25, 2) == 11.13
    days = [one.effective_on for one in Splits([split_of(2), split_of(2, SPLIT_ON + timedelta(days=3))]).between(
        FIRST_DAY, EVE)]  # fmt: skip
    assert days == [SPLIT_ON]
