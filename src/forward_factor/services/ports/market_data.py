"""Where prices of underlyings, and bars of the whole market, come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from enum import StrEnum
from typing import Protocol

from forward_factor.core.bars import Bars, Timeframe
from forward_factor.core.price_moves import Price
from forward_factor.core.universe import DailyBars


class Ability(StrEnum):
    """What a source of market data may be able to do."""

    DAILY_BARS = "daily bars of the whole market"
    OPTIONABLE = "word on which tickers have options"
    PRICES = "prices"
    BARS = "bars of a ticker"
    STREAM = "stream of prices"


class PriceStream(Protocol):
    """Prices as they are made, of a set of tickers that may change; reconnects by itself.

    Only the latest price of a ticker is kept until it is taken, so a slow reader costs no memory and reads no old ones.
    """

    @property
    def is_live(self) -> bool:
        """Return whether prices are coming in; where not, somebody should look at prices in another way."""

    @property
    def refusal(self) -> str | None:
        """Return why the provider gives no stream, as a person would say it; None while it may."""

    def watch(self, tickers: Collection[str]) -> None:
        """Take these tickers in place of those before."""

    def take(self) -> Mapping[str, Price]:
        """Return the tickers that have a newer price than when it was last taken."""


class MarketData(Protocol):
    """Gives prices of underlyings and bars of the whole market; few providers can do all of it.

    What is not among ``abilities`` raises NotOffered.
    """

    @property
    def name(self) -> str:
        """Return the provider's name."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """Return what it can do."""

    async def daily_bars(self, day: date) -> DailyBars:
        """Return the bars of a trading day; they have no rows where the provider has none (yet).

        Raises:
            NotOffered, ProviderUnavailable, ProviderRefused, UnreadableChain: see there.

        """

    async def is_optionable(self, tickers: Sequence[str]) -> Mapping[str, bool]:
        """Return which tickers have options; one that could not be found out about is left out.

        Raises:
            NotOffered, ProviderUnavailable, ProviderRefused, UnreadableChain: nothing at all could be found out.

        """

    async def prices(self, tickers: Sequence[str]) -> Mapping[str, Price]:
        """Return the latest price of each ticker; one that the provider has none of is left out.

        Raises:
            NotOffered, ProviderUnavailable, ProviderRefused, UnreadableChain: there is no price at all for that reason.

        """

    async def bars_of(self, ticker: str, timeframe: Timeframe, first: date, last: date) -> Bars:
        """Return a ticker's bars of the New York dates from ``first`` to ``last``, as traded, by time, each once.

        What cannot be a bar is left out; there are none at all where the provider has none.

        Raises:
            NotOffered, UnknownTicker, ProviderUnavailable, ProviderRefused, UnreadableChain: see there.

        """

    def price_stream(self) -> AbstractAsyncContextManager[PriceStream]:
        """Open a stream of prices.

        Raises:
            NotOffered: the provider has none.

        """
