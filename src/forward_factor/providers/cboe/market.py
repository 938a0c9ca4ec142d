"""Prices from Cboe's delayed quotes, one small file a symbol; Cboe gives neither bars of the market nor a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta

from forward_factor.core.bars import Bars, Timeframe
from forward_factor.core.price_moves import Price
from forward_factor.core.universe import DailyBars
from forward_factor.errors import ForwardFactorError, NotOffered, ProviderRefused, UnknownTicker
from forward_factor.providers.cboe.market_parse import parse_price
from forward_factor.providers.cboe.query import quote_request
from forward_factor.providers.each import ask_each
from forward_factor.providers.http import HttpSource
from forward_factor.services.ports import Clock
from forward_factor.services.ports.market_data import Ability, PriceStream

UNKNOWN_FOR = timedelta(hours=6)
"""A symbol Cboe does not know is asked for again after that; prices are looked at every few seconds."""


class CboeMarketData:
    """Prices that are about 15 minutes old."""

    def __init__(self, source: HttpSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._unknown: dict[str, datetime] = {}

    @property
    def name(self) -> str:
        """Return ``cboe``."""
        return "cboe"

    @property
    def abilities(self) -> frozenset[Ability]:
        """Return prices, and nothing else."""
        return frozenset({Ability.PRICES})

    async def daily_bars(self, day: date) -> DailyBars:  # noqa: ARG002
        """Raise NotOffered."""
        raise _not_offered(Ability.DAILY_BARS)

    async def is_optionable(self, tickers: Sequence[str]) -> Mapping[str, bool]:  # noqa: ARG002
        """Raise NotOffered."""
        raise _not_offered(Ability.OPTIONABLE)

    async def prices(self, tickers: Sequence[str]) -> Mapping[str, Price]:
        """Return the latest price of each ticker, by one request each."""
        now = self._clock.now()
        self._unknown = {ticker: until for ticker, until in self._unknown.items() if until > now}
        known = [ticker for ticker in tickers if ticker not in self._unknown]
        found = await ask_each(known, self._price, at_once=self._source.concurrent)
        return {ticker: price for ticker, price in found.items() if price is not None}

    async def bars_of(self, ticker: str, timeframe: Timeframe, first: date, last: date) -> Bars:  # noqa: ARG002
        """Raise NotOffered."""
        raise _not_offered(Ability.BARS)

    def price_stream(self) -> AbstractAsyncContextManager[PriceStream]:
        """Raise NotOffered."""
        raise _not_offered(Ability.STREAM)

    async def _price(self, ticker: str) -> Price | None:
        asked_at = self._clock.now()
        try:
            return await self._source.fetch(quote_request(ticker), lambda body: parse_price(body, asked_at))
        except (UnknownTicker, ProviderRefused):  # Cboe refuses what it does not know
            self._unknown[ticker] = asked_at + UNKNOWN_FOR
            return None


def _not_offered(ability: Ability) -> ForwardFactorError:
    return NotOffered(f"provider cboe has no {ability.value}: SCAN_PROVIDER names another one")
