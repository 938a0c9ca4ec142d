"""The simulated market's events: the same whatever span one asks for, and of every kind but splits."""

from __future__ import annotations

from datetime import date

import pytest

from forward_factor.core.market_hours import session_on
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.providers.simulated.market_events import SimulatedEvents
from forward_factor.services.ports.events import EventKind, ProvidedEvents

START, END = date(2025, 11, 3), date(2026, 12, 31)
EVENTS = SimulatedEvents(SimulatedMarket(size=40))
TICKERS = SimulatedMarket(size=40).tickers


async def test_dividends_come_quarterly_on_sessions_from_some() -> None:
    paying = 0
    for ticker in TICKERS:
        found = (await EVENTS.of_ticker(EventKind.DIVIDENDS, ticker, START, END)).actions
        days = [one.effective_on for one in found]
        paying += bool(days)
        assert all(session_on(day) for day in days)
        assert not days or 4 <= len(days) <= 5
        assert all(one.amount and one.ticker == ticker for one in found)
        later = (await EVENTS.of_ticker(EventKind.DIVIDENDS, ticker, date(2026, 3, 1), END)).actions
        assert later == tuple(one for one in found if one.effective_on >= date(2026, 3, 1))
    assert 5 <= paying <= 35


@pytest.mark.parametrize("kind", list(EventKind))
async def test_many_at_once_are_each_by_itself(kind: EventKind) -> None:
    together = await EVENTS.of_market(kind, [*TICKERS, "^SPX"], START, END)
    each = [await EVENTS.of_ticker(kind, ticker, START, END) for ticker in TICKERS]
    assert together.earnings == tuple(one for found in each for one in found.earnings)
    assert together.actions == tuple(one for found in each for one in found.actions)
    assert (await EVENTS.of_ticker(EventKind.SPLITS, "NFLX", START, END)) == ProvidedEvents()
