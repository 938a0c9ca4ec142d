"""Nothing that comes later changes what was done before: not its absence, not its order, not its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.backtest.book import Book
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.trades import ExitReason, Opening, Trade
from forward_factor.core.chain import Chain
from forward_factor.core.structure import Structure
from tests.unit.backtest.streams import BUSY, busy_market, run

DOUBLE = replace(BUSY, entry=replace(BUSY.entry, structure=Structure.DOUBLE))
Change = Callable[[Sequence[Chain], int], list[Chain]]
TRIALS = st.sampled_from([BUSY, DOUBLE])


@dataclass(frozen=True)
class Past:
    """What a book had done by a snapshot: all that came up to it, by instant and then ticker."""

    openings: list[Opening]
    closed: list[Trade]
    rows: list[tuple[object, ...]]


def past_of(book: Book, last: Chain) -> Past:
    now = last.as_of, last.ticker
    trades = sorted(book.trades, key=lambda one: (one.opening.entry.at, one.opening.ticker, one.opening.pair))
    return Past(
        openings=[one.opening for one in trades if (one.opening.entry.at, one.opening.ticker) <= now],
        closed=[
            one
            for one in trades
            if one.closing.reason is not ExitReason.END_OF_DATA and (one.closing.at, one.opening.ticker) <= now
        ],
        rows=[
            (row.day, row.profits.tolist(), row.open_positions, row.at_risk)
            for row in book.rows
            if row.day < last.new_york_date
        ],
    )


@lru_cache(maxsize=2)
def whole(rules: BacktestRules) -> Book:
    return run(busy_market(), rules, 64)


def test_there_is_something_to_look_at() -> None:
    book = whole(BUSY)
    assert len(book.trades) >= 20
    assert {one.closing.reason for one in book.trades} >= {ExitReason.STOP, ExitReason.TARGET}
    assert len(whole(DOUBLE).trades) >= 5


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(1, 180), batch=st.integers(4, 40), rules=TRIALS)
def test_fed_only_the_past_it_makes_the_same_trades(cut: int, batch: int, rules: BacktestRules) -> None:
    past = busy_market()[:cut]
    assert past_of(run(past, rules, batch), past[-1]) == past_of(whole(rules), past[-1])


@pytest.mark.parametrize("rules", [BUSY, DOUBLE], ids=["call", "double"])
def test_a_snapshot_at_a_time_makes_the_same_trades_as_all_at_once(rules: BacktestRules) -> None:
    one, all_ = run(busy_market(), rules, 1), run(busy_market(), rules, 10_000)
    assert (one.trades, one.skipped, one.signals) == (all_.trades, all_.skipped, all_.signals)
    assert [row.profits.tolist() for row in one.rows] == [row.profits.tolist() for row in all_.rows]


def shuffled(future: Sequence[Chain], seed: int) -> list[Chain]:
    """The contents of the future in another order at the same instants."""
    order = np.random.default_rng(seed).permutation(len(future))
    return [
        replace(future[int(other)], as_of=one.as_of, ticker=one.ticker)
        for one, other in zip(future, order, strict=True)
    ]


def scaled(future: Sequence[Chain], seed: int) -> list[Chain]:
    """Every quote of the future times a number of its own, spots too."""
    chance = np.random.default_rng(seed)
    changed = []
    for chain in future:
        contracts, factor = chain.contracts, chance.uniform(0.5, 2.0, len(chain.contracts))
        moved = replace(contracts, bid=contracts.bid * factor, ask=contracts.ask * factor * 1.01)
        changed.append(replace(chain, spot=chain.spot * float(chance.uniform(0.7, 1.4)), contracts=moved))
    return changed


def delayed(future: Sequence[Chain], seed: int) -> list[Chain]:
    """All of the future some days later."""
    return [replace(chain, as_of=chain.as_of + timedelta(days=1 + seed % 9)) for chain in future]


@settings(max_examples=20, deadline=None)
@given(
    cut=st.integers(1, 180),
    seed=st.integers(0, 2**20),
    change=st.sampled_from([shuffled, scaled, delayed]),
    batch=st.integers(4, 40),
    rules=TRIALS,
)
def test_another_future_changes_nothing_before(
    cut: int, seed: int, change: Change, batch: int, rules: BacktestRules
) -> None:
    chains = busy_market()
    other = [*chains[:cut], *change(chains[cut:], seed)]
    assert past_of(run(other, rules, batch), chains[cut - 1]) == past_of(whole(rules), chains[cut - 1])
