"""Which tickers have moved since their scan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.core.price_moves import MoveRule, Price, Rescan, moved_tickers

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
RULE = MoveRule(share=0.005)


def price(dollars: float, seconds_ago: float = 1.0) -> Price:
    return Price(dollars, NOW - timedelta(seconds=seconds_ago))


@pytest.mark.parametrize(
    ("scanned", "now", "is_moved"),
    [
        (100.0, 100.5, True),
        (100.0, 99.5, True),
        (201.0, 202.005, True),
        (100.0, 100.49, False),
        (100.0, 99.51, False),
        (100.0, 0.0, False),
        (0.0, 100.0, False),
        (float("nan"), 100.0, False),
        (100.0, float("nan"), False),
    ],
)
def test_half_a_percent_either_way_is_a_move(scanned: float, now: float, is_moved: bool) -> None:
    assert moved_tickers({"A": price(now)}, {"A": scanned}, {}, NOW, RULE) == (["A"] if is_moved else [])


def test_a_ticker_that_was_never_scanned_has_not_moved() -> None:
    assert moved_tickers({"A": price(100.0)}, {}, {}, NOW, RULE) == []


@pytest.mark.parametrize(("seconds", "is_moved"), [(59, False), (60, True)])
def test_a_ticker_rests_after_a_rescan_was_asked_for(seconds: float, is_moved: bool) -> None:
    asked = {"A": Rescan(NOW - timedelta(seconds=seconds), price(101.0, seconds + 1))}
    assert moved_tickers({"A": price(102.0)}, {"A": 100.0}, asked, NOW, RULE) == (["A"] if is_moved else [])


def test_one_price_is_a_reason_for_one_rescan_only() -> None:
    old = price(101.0, 3_600)
    asked = {"A": Rescan(NOW - timedelta(minutes=50), old)}
    assert moved_tickers({"A": old}, {"A": 100.0}, asked, NOW, RULE) == []


def test_each_ticker_is_judged_by_itself() -> None:
    prices = {"A": price(101.0), "B": price(50.0), "C": price(11.0)}
    assert moved_tickers(prices, {"A": 100.0, "B": 50.1, "C": 10.0}, {}, NOW, RULE) == ["A", "C"]
