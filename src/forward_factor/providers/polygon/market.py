"""Prices, daily bars and a stream of prices from Polygon (now Massive)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date

from forward_factor.core.bars import Bars, Timeframe
from forward_factor.core.price_moves import Price
from forward_factor.core.universe import DailyBars
from forward_factor.errors import UnknownTicker
from forward_factor.providers.each import ask_each
from forward_factor.providers.http import HttpSource
from forward_factor.providers.polygon.bars import fetch_bars
from forward_factor.providers.polygon.market_parse import parse_daily_bars, parse_has_contracts, parse_prices
from forward_factor.providers.polygon.market_query import daily_bars_request, one_contract_request, prices_requests
from forward_factor.providers.polygon.query import our_tickers, vendor_ticker
from forward_factor.providers.polygon.stream import PolygonStream, StreamSettings
from forward_factor.services.ports import Clock
from forward_factor.services.ports.market_data import Ability, PriceStream

logger = logging.getLogger(__name__)


class PolygonMarketData:
    """All that the port asks for, of shares and funds; indices (``^SPX``) are another product, and left out."""

    def __init__(self, source: HttpSource, clock: Clock, stream: StreamSettings) -> None:
        self._source = source
        self._clock = clock
        self._stream = stream

    @property
    def name(self) -> str:
        """Return ``polygon``."""
        return "polygon"

    @property
    def abilities(self) -> frozenset[Ability]:
        """Return all of them; whether the plan has them too, only asking shows."""
        return frozenset(Ability)

    async def daily_bars(self, day: date) -> DailyBars:
        """Return the bars of a trading day, adjusted for splits; no rows before the vendor has them."""
        request = daily_bars_request(day)
        try:
            bars, unreadable = await self._source.fetch(request, lambda body: parse_daily_bars(body, day))
        except UnknownTicker:
            bars, unreadable = parse_daily_bars(b"{}", day)
        _note_unreadable(request.subject, unreadable)
        return bars

    async def is_optionable(self, tickers: Sequence[str]) -> Mapping[str, bool]:
        """Return which tickers have options that are not expired, by one request each."""
        return await ask_each(tickers, self._has_options, at_once=self._source.concurrent)

    async def prices(self, tickers: Sequence[str]) -> Mapping[str, Price]:
        """Return the latest price of each ticker, by a request for a few hundred of them."""
        ours = our_tickers(tickers)
        asked_at = self._clock.now()
        found: dict[str, Price] = {}
        for request in prices_requests(list(ours)):
            prices, unreadable = await self._source.fetch(request, lambda body: parse_prices(body, asked_at))
            _note_unreadable(request.subject, unreadable)
            found |= {ticker: price for symbol, price in prices.items() for ticker in ours.get(symbol, ())}
        return found

    async def bars_of(self, ticker: str, timeframe: Timeframe, first: date, last: date) -> Bars:
        """Return a ticker's bars, not adjusted for splits, page by page."""
        return await fetch_bars(self._source, ticker, timeframe, first, last)

    def price_stream(self) -> AbstractAsyncContextManager[PriceStream]:
        """Open the websocket stream of aggregates by the second."""
        return PolygonStream(self._stream)

    async def _has_options(self, ticker: str) -> bool:
        try:
            return await self._source.fetch(one_contract_request(ticker, vendor_ticker(ticker)), parse_has_contracts)
        except UnknownTicker:
            return False


def _note_unreadable(subject: str, entries: int) -> None:
    if entries:
        logger.warning("polygon, %s: %d entries cannot be read", subject, entries)
