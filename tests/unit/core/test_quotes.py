"""The table of quotes: what is in it, in which order, and which of several rows of one contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import inf, nan
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.core.chain import Chain, Contracts
from forward_factor.core.quotes import QuoteTable, tabulate_quotes, usable_quotes
from tests.reference.slow_domain import Row
from tests.unit.core.small_chains import day, quoted, reordered, small_chain

HORIZON = 120


def table(*chains: Chain, horizon: int = HORIZON) -> QuoteTable:
    return tabulate_quotes(chains, horizon)


def bids(quotes: QuoteTable) -> list[float]:
    values: list[float] = quotes.contracts.bid.tolist()
    return values


class TestRowsWithin:
    def test_expired_and_far_rows_are_out(self) -> None:
        rows = [quoted(dte, 100.0, "C", 1.0) for dte in (-400, -1, 0, 1, 2, 119, 120, 121, 700)]
        curves = table(small_chain(rows)).curves
        assert curves.dte.tolist() == [1, 2, 119, 120]
        assert curves.expiry.tolist() == [day(dte) for dte in (1, 2, 119, 120)]
        assert curves.years.tolist() == [dte / 365 for dte in (1, 2, 119, 120)]
        assert table(small_chain(rows), horizon=700).curves.dte.tolist() == [1, 2, 119, 120, 121, 700]

    @pytest.mark.parametrize(
        ("as_of", "dte"), [("2026-06-02T03:59", 1), ("2026-06-02T04:00", None), ("2026-06-01T04:00", 1)]
    )
    def test_days_count_from_the_new_york_date(self, as_of: str, dte: int | None) -> None:
        instant = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
        chain = replace(small_chain([quoted(1, 100.0, "C", 1.0)]), as_of=instant)
        assert table(chain).curves.dte.tolist() == ([] if dte is None else [dte])

    def test_nothing_live(self) -> None:
        for chains in ((), (small_chain([]),), (small_chain([quoted(0, 100.0, "C", 1.0)]), small_chain([]))):
            found = table(*chains)
            assert len(found.curves) == len(found.contracts) == len(found.usable) == 0

    def test_spot_is_that_of_the_curves_own_chain(self) -> None:
        rows = [quoted(dte, 100.0, "C", 1.0) for dte in (30, 60)]
        found = table(small_chain(rows, spot=1.0), small_chain([], spot=2.0), small_chain(rows[:1], spot=3.0))
        assert found.curves.spot.tolist() == [1.0, 1.0, 3.0]
        assert found.curves.chain.tolist() == [0, 0, 2]


class TestOrder:
    ROWS: ClassVar = [
        quoted(dte, strike, right, bid)
        for bid, (dte, strike, right) in enumerate(
            ((dte, strike, right) for dte in (30, 60) for strike in (95.0, 100.0, 105.0) for right in "PC"), start=1
        )
    ]  # fmt: skip

    @settings(max_examples=20)
    @given(st.permutations(range(12)))
    def test_by_expiry_strike_and_put_before_call(self, order: list[int]) -> None:
        found = table(reordered(small_chain(self.ROWS), order))
        assert bids(found) == list(range(1, 13))
        assert found.curve.tolist() == [0] * 6 + [1] * 6

    def test_chains_stay_apart_and_in_order(self) -> None:
        found = table(small_chain(self.ROWS[6:]), small_chain(self.ROWS[:3]), small_chain(self.ROWS[6:8]))
        assert bids(found) == [7, 8, 9, 10, 11, 12, 1, 2, 3, 7, 8]
        assert found.curve.tolist() == [0] * 6 + [1] * 3 + [2] * 2
        assert found.curves.dte.tolist() == [60, 30, 60]


class TestDuplicates:
    @pytest.mark.parametrize(
        ("interests", "kept"),
        [
            ((10.0, 20.0), 1),
            ((20.0, 10.0), 0),
            ((10.0, 10.0), 0),
            ((nan, 0.0), 1),
            ((0.0, nan), 0),
            ((nan, nan), 0),
            ((5.0, 20.0, nan, 20.0, 7.0), 1),
            ((nan, 5.0, 5.0), 1),
        ],
    )
    def test_larger_open_interest_then_the_first(self, interests: tuple[float, ...], kept: int) -> None:
        repeated = [quoted(30, 100.0, "C", 1.0 + place, open_interest=oi) for place, oi in enumerate(interests)]
        found = table(small_chain([quoted(30, 105.0, "C", 9.0), *repeated, quoted(30, 95.0, "C", 8.0)]))
        assert bids(found) == [8.0, 1.0 + kept, 9.0]
        assert found.duplicate.tolist() == [False, True, False]

    def test_a_worse_quote_with_more_open_interest_counts(self) -> None:
        rows = [quoted(30, 100.0, "C", 1.0, open_interest=10), quoted(30, 100.0, "C", None, open_interest=11)]
        found = table(small_chain(rows))
        assert not found.usable[0]
        assert found.duplicate[0]

    @pytest.mark.parametrize(
        "other", [quoted(30, 100.0, "P", 2.0), quoted(31, 100.0, "C", 2.0), quoted(30, 100.5, "C", 2.0)]
    )
    def test_other_contracts_are_no_duplicates(self, other: Row) -> None:
        found = table(small_chain([quoted(30, 100.0, "C", 1.0), other]))
        assert len(found.contracts) == 2
        assert not found.duplicate.any()

    def test_the_same_contract_of_two_chains_is_no_duplicate(self) -> None:
        one = small_chain([quoted(30, 100.0, "C", 1.0)])
        found = table(one, one)
        assert len(found.contracts) == 2
        assert not found.duplicate.any()

    def test_an_expired_repetition_goes_with_its_expiry(self) -> None:
        rows = [quoted(0, 100.0, "C", 1.0), quoted(0, 100.0, "C", 2.0), quoted(30, 100.0, "C", 3.0)]
        assert not table(small_chain(rows)).duplicate.any()


class TestUsable:
    @pytest.mark.parametrize(
        ("bid", "ask", "usable"),
        [
            (1.0, 1.0, True),
            (1.0, 1.1, True),
            (5e-324, 1.0, True),
            (1.1, 1.0, False),
            (0.0, 1.0, False),
            (-0.0, 1.0, False),
            (-1.0, 1.0, False),
            (0.0, 0.0, False),
            (nan, 1.0, False),
            (1.0, nan, False),
            (nan, nan, False),
            (1.0, inf, False),
            (inf, inf, False),
            (-inf, 1.0, False),
            (1e308, 1e308, False),
        ],
    )
    def test_a_quote_counts_from_a_bid_above_zero_to_an_ask_not_below_it(
        self, bid: float, ask: float, usable: bool
    ) -> None:
        found = table(small_chain([quoted(30, 100.0, "C", bid, ask)]))
        assert found.usable.tolist() == usable_quotes(found.contracts).tolist() == [usable]
        if usable:
            assert found.mid[0] == (bid + ask) / 2
        else:
            assert np.isnan(found.mid[0])


class TestContracts:
    def test_columns_are_of_one_length(self) -> None:
        with pytest.raises(ValueError, match="differ in length"):
            replace(Contracts.empty(), strike=np.zeros(1))
