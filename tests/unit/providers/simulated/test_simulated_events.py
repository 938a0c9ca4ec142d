"""Announcements: regular, on days companies announce on, and known to prices when they should be."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from forward_factor.core import market_hours
from forward_factor.core.earnings import Timing
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.providers.simulated.events import announcements_between
from forward_factor.providers.simulated.universe import profile_of

START, END = date(2024, 1, 1), date(2026, 12, 31)
STOCKS = ("AAPL", "MSFT", "NVDA", "KO", "SIM0042", "UNLISTED")


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket()


@pytest.mark.parametrize("ticker", STOCKS)
def test_one_a_quarter_on_a_trading_day_before_friday(market: SimulatedMarket, ticker: str) -> None:
    days = [event.date for event in market.earnings(ticker, START, END)]
    gaps = np.diff([day.toordinal() for day in days])
    assert len(days) in (11, 12, 13)
    assert days == sorted(days)
    assert gaps.min() >= 80
    assert gaps.max() <= 104
    assert all(day.weekday() <= 3 and market_hours.session_on(day) for day in days)


def test_funds_announce_nothing(market: SimulatedMarket) -> None:
    assert market.earnings("SPY", START, END) == []


def test_span_includes_both_ends_and_cuts_nothing_else(market: SimulatedMarket) -> None:
    events = market.earnings("AAPL", START, END)
    day = events[3].date
    assert market.earnings("AAPL", day, day) == [events[3]]
    assert market.earnings("AAPL", day + timedelta(days=1), END) == events[4:]
    assert market.earnings("AAPL", END, START) == []


def test_calendars_are_a_little_vague(market: SimulatedMarket) -> None:
    events = [event for ticker in SimulatedMarket(size=200).tickers for event in market.earnings(ticker, START, END)]
    assert {event.is_confirmed for event in events} == {True, False, None}
    assert {event.timing for event in events} == set(Timing)
    assert {event.source for event in events} == {"simulated"}
    assert sum(event.timing is Timing.UNKNOWN for event in events) < 0.1 * len(events)


def test_reaction_is_the_same_day_before_the_open_and_the_next_session_after_the_close() -> None:
    for ticker in STOCKS:
        profile = profile_of(7, ticker)
        timings = {event.timing for event in SimulatedMarket().earnings(ticker, START, END)}
        announced = announcements_between(profile, START.toordinal(), END.toordinal())
        lags = announced.reacts_on - announced.day
        if Timing.BEFORE_OPEN in timings:
            assert not lags.any()
        else:
            assert (lags >= 1).all()
            assert all(market_hours.session_on(date.fromordinal(day)) for day in announced.reacts_on.tolist())


def test_expected_variance_counts_what_lies_between_now_and_expiry() -> None:
    profile = profile_of(7, "AAPL")
    announced = announcements_between(profile, START.toordinal(), END.toordinal())
    first, second = announced.reacts_on[:2].tolist()
    expiries = np.array([first - 1, first, second - 1, second])
    jump = profile.announcement_move**2
    assert announced.expected_variance(first - 10, expiries).tolist() == [0.0, jump, jump, 2 * jump]
    assert announced.expected_variance(first, expiries).tolist() == [0.0, 0.0, 0.0, jump]


def test_realised_move_comes_whole_and_fades() -> None:
    announced = announcements_between(profile_of(7, "AAPL"), START.toordinal(), START.toordinal() + 80)
    day, move = int(announced.reacts_on[0]), float(announced.move[0])
    left = announced.realised_by(np.array([day - 1, day, day + 365, day + 730, day + 900]))
    assert left == pytest.approx([0.0, move, 0.5 * move, 0.0, 0.0])
