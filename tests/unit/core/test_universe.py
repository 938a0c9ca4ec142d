"""The liquid universe: what is a share, what is traded most, who is a member."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.universe import (
    DailyBars,
    OptionsCheck,
    Traded,
    choose_members,
    is_share,
    places_wanted,
    rank_by_dollar_volume,
)

DAY = date(2026, 11, 24)


def bars(**dollars_and_shares: tuple[float, float]) -> DailyBars:
    columns = np.array(list(dollars_and_shares.values()), np.float64).reshape(-1, 2).T
    return DailyBars(DAY, list(dollars_and_shares), columns[0], columns[1])


def in_order(count: int) -> list[Traded]:
    return [Traded(f"T{place:03d}", place, 1e9 / place) for place in range(1, count + 1)]


def members(
    traded: Collection[Traded],
    size: int,
    before: Collection[str] = (),
    without_options: Collection[str] = (),
    unknown: Collection[str] = (),
) -> list[str]:
    checks: Mapping[str, OptionsCheck] = {
        one.ticker: OptionsCheck(one.ticker not in without_options, DAY) for one in traded if one.ticker not in unknown
    }
    return [entry.ticker for entry in choose_members(traded, checks, before, size) if entry.is_member]


@pytest.mark.parametrize("ticker", ["A", "F", "AAPL", "GOOGL", "BRK.B", "BF.A", "HEI.A", "SPY", "QQQM", "SIM0017"])
def test_shares_and_funds(ticker: str) -> None:
    assert is_share(ticker)


@pytest.mark.parametrize(
    "ticker",
    [
        "ABCD.U", "ABC.WS", "ABC.WS.A", "ABC.R", "ACMEW", "ACMEU", "ACMER", "BACpL", "BRK-B", "brk.b", "", "ZVZZT",
        "ZWZZT", "NTEST", "ATESTA", "ZTST", "CBO", "I:SPX", "^SPX", "TOOLONGX", "A B", "Ä",
    ],
)  # fmt: skip
def test_what_is_no_share(ticker: str) -> None:
    assert not is_share(ticker)


def test_shares_are_ranked_by_price_times_volume_averaged_over_all_days() -> None:
    first = bars(A=(10, 100), B=(1, 500), C=(5, 10))
    second = bars(B=(1, 1_500), A=(10, 0), C=(5, 30))
    assert rank_by_dollar_volume([first, second]) == [Traded("B", 1, 1_000), Traded("A", 2, 500), Traded("C", 3, 100)]


def test_a_day_without_a_bar_is_a_day_without_trades() -> None:
    ranked = rank_by_dollar_volume([bars(NEW=(10, 400), OLD=(10, 100)), bars(OLD=(10, 100)), bars(OLD=(10, 100))])
    assert [(one.ticker, round(one.dollar_volume)) for one in ranked] == [("NEW", 1_333), ("OLD", 1_000)]


def test_damage_and_what_is_no_share_are_left_out() -> None:
    nan, inf = float("nan"), float("inf")
    day = bars(A=(10, 10), B=(nan, 10), C=(10, nan), D=(-10, -10), E=(inf, 10), ZVZZT=(10, 1e9), F=(0, 10))
    assert [one.ticker for one in rank_by_dollar_volume([day])] == ["A"]


def test_equals_are_ranked_by_the_alphabet() -> None:
    assert [one.ticker for one in rank_by_dollar_volume([bars(B=(1, 1), A=(1, 1))])] == ["A", "B"]


def test_no_days_give_no_shares() -> None:
    assert rank_by_dollar_volume([]) == []


def test_the_most_traded_with_options_are_members() -> None:
    assert members(in_order(9), 3, without_options=["T002"], unknown=["T004"]) == ["T001", "T003", "T005"]


def test_a_member_stays_until_its_place_is_beyond_a_fifth_more() -> None:
    assert members(in_order(20), 10, before=["T012"])[-1] == "T012"
    assert members(in_order(20), 10, before=["T013"])[-1] == "T010"
    assert members(in_order(20), 10, before=["T013"], without_options=["T001"])[-1] == "T013"


def test_nobody_enters_beyond_the_size() -> None:
    assert members(in_order(20), 10) == [f"T{place:03d}" for place in range(1, 11)]


def test_a_member_without_options_is_none_any_more() -> None:
    assert members(in_order(5), 3, before=["T002"], without_options=["T002"]) == ["T001", "T003", "T004"]


def test_what_was_considered_is_listed_as_far_as_a_member_may_stay() -> None:
    entries = choose_members(in_order(50), {one.ticker: OptionsCheck(True, DAY) for one in in_order(50)}, [], 10)
    assert [entry.rank for entry in entries] == list(range(1, places_wanted(10) + 1))


@given(
    st.permutations(range(30)), st.sets(st.integers(0, 29)), st.integers(1, 20), st.sets(st.integers(0, 29), max_size=9)
)
def test_a_second_choice_from_the_same_figures_changes_nothing(
    order: list[int], before: set[int], size: int, without: set[int]
) -> None:
    traded = [Traded(f"T{name}", place, 1e6 - place) for place, name in enumerate(order, start=1)]
    barred = [f"T{name}" for name in without]
    first = members(traded, size, [f"T{name}" for name in before], barred)
    assert members(traded, size, first, barred) == first
    assert len(first) <= places_wanted(size)
    assert len(first) >= min(size, 30 - len(without))
