"""The simulated market's prices and daily bars, behind the port that real vendors stand behind."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date

import numpy as np

from forward_factor.core import market_hours
from forward_factor.core.bars import Bars, Timeframe
from forward_factor.core.price_moves import Price
from forward_factor.core.ticker import parse_ticker
from forward_factor.core.universe import DailyBars
from forward_factor.errors import InvalidTicker
from forward_factor.providers.simulated.market import PROVIDER_NAME, SimulatedMarket
from forward_factor.services.ports import Clock
from forward_factor.services.ports.market_data import Ability, PriceStream

TICKERS_A_LOOK = 500
"""A stream looks at so many prices at a time, and at the others the next time: 5,000 of them cost a quarter second."""


class SimulatedMarketData:
    """All that the port asks for, at the time of a clock."""

    def __init__(self, market: SimulatedMarket, clock: Clock) -> None:
        """Stand before ``market``; ``clock`` says what time it is there."""
        self._market = market
        self._clock = clock

    @property
    def name(self) -> str:
        """Return ``simulated``."""
        return PROVIDER_NAME

    @property
    def abilities(self) -> frozenset[Ability]:
        """Return all of them."""
        return frozenset(Ability)

    async def daily_bars(self, day: date) -> DailyBars:
        """Return the bars of all listed tickers; there are none before the close, and on days without a session."""
        session = market_hours.session_on(day)
        if session is None or session.closes_at > self._clock.now():
            return DailyBars(day, (), np.empty(0), np.empty(0))
        prices, volumes = [], []
        for ticker in self._market.tickers:
            prices.append(self._market.spot(ticker, session.closes_at))
            volumes.append(self._market.volume(ticker, day))
            await asyncio.sleep(0)
        return DailyBars(day, self._market.tickers, np.array(prices), np.array(volumes))

    async def is_optionable(self, tickers: Sequence[str]) -> Mapping[str, bool]:
        """Return which tickers have options: all but a few of the small ones."""
        return {ticker: self._market.is_optionable(ticker) for ticker in tickers if _is_ticker(ticker)}

    async def prices(self, tickers: Sequence[str]) -> Mapping[str, Price]:
        """Return the price of each ticker now."""
        now = self._clock.now()
        return {ticker: Price(self._market.spot(ticker, now), now) for ticker in tickers if _is_ticker(ticker)}

    async def bars_of(self, ticker: str, timeframe: Timeframe, first: date, last: date) -> Bars:
        """Return bars of the sessions that are over."""
        over = market_hours.trading_days_between(first, min(last, market_hours.previous_session(self._clock.now()).day))
        days = []
        for day in over:
            days.append(self._market.bars(ticker, timeframe, day))
            await asyncio.sleep(0)
        return Bars.concatenate(days)

    def price_stream(self) -> AbstractAsyncContextManager[PriceStream]:
        """Open a stream of the prices that change."""
        return self._opened_stream()

    @asynccontextmanager
    async def _opened_stream(self) -> AsyncIterator[PriceStream]:
        yield SimulatedStream(self._market, self._clock)


class SimulatedStream:
    """Prices of the watched tickers, those that have changed."""

    def __init__(self, market: SimulatedMarket, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self._waiting: deque[str] = deque()
        self._last: dict[str, float] = {}

    @property
    def is_live(self) -> bool:
        """Return True: this market never fails."""
        return True

    @property
    def refusal(self) -> str | None:
        """Return None: this market is open to all."""
        return None

    def watch(self, tickers: Collection[str]) -> None:
        """Take these tickers in place of those before."""
        wanted = [ticker for ticker in tickers if _is_ticker(ticker)]
        if set(wanted) != set(self._waiting):
            self._waiting = deque(wanted)

    def take(self) -> Mapping[str, Price]:
        """Return what has changed among the next few hundred tickers."""
        now = self._clock.now()
        fresh: dict[str, Price] = {}
        for _ in range(min(TICKERS_A_LOOK, len(self._waiting))):
            ticker = self._waiting[0]
            self._waiting.rotate(-1)
            dollars = self._market.spot(ticker, now)
            if dollars != self._last.get(ticker):
                self._last[ticker] = dollars
                fresh[ticker] = Price(dollars, now)
        return fresh


def _is_ticker(text: str) -> bool:
    try:
        parse_ticker(text)
    except InvalidTicker:
        return False
    return True
