"""Market data that gives what it is told to give."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from forward_factor.core.bars import Bars, Timeframe, new_york_days, no_bars
from forward_factor.core.price_moves import Price
from forward_factor.core.universe import DailyBars
from forward_factor.errors import ForwardFactorError
from forward_factor.services.ports.market_data import Ability, PriceStream


@dataclass
class GivenStream:
    """A stream that gives what is put into ``fresh``."""

    is_live: bool = True
    refusal: str | None = None
    fresh: dict[str, Price] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)

    def watch(self, tickers: Collection[str]) -> None:
        self.watched = set(tickers)

    def take(self) -> Mapping[str, Price]:
        taken, self.fresh = self.fresh, {}
        return taken


@dataclass
class GivenMarketData:
    """Answers from what it was given; an error in place of an answer is raised."""

    abilities: frozenset[Ability] = frozenset(Ability)
    bars: dict[date, DailyBars | ForwardFactorError] = field(default_factory=dict)
    without_options: set[str] = field(default_factory=set)
    silent_about: set[str] = field(default_factory=set)
    checks_until_failure: int | None = None
    failure: ForwardFactorError | None = None
    given: dict[str, Price] = field(default_factory=dict)
    stream: GivenStream = field(default_factory=GivenStream)
    asked_about_options: list[str] = field(default_factory=list)
    of_tickers: dict[str, Bars | ForwardFactorError] = field(default_factory=dict)
    asked_for_bars: list[tuple[str, Timeframe, date, date]] = field(default_factory=list)
    asked_for_prices: list[list[str]] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    @property
    def name(self) -> str:
        return "given"

    async def daily_bars(self, day: date) -> DailyBars:
        found = self.bars.get(day, DailyBars(day, (), np.empty(0), np.empty(0)))
        if isinstance(found, ForwardFactorError):
            raise found
        return found

    async def is_optionable(self, tickers: Sequence[str]) -> Mapping[str, bool]:
        if self.checks_until_failure is not None:
            self.checks_until_failure -= 1
            if self.checks_until_failure < 0 and self.failure:
                raise self.failure
        self.asked_about_options += tickers
        return {ticker: ticker not in self.without_options for ticker in tickers if ticker not in self.silent_about}

    async def bars_of(self, ticker: str, timeframe: Timeframe, first: date, last: date) -> Bars:
        self.asked_for_bars.append((ticker, timeframe, first, last))
        if isinstance(found := self.of_tickers.get(ticker, no_bars()), ForwardFactorError):
            raise found
        days = new_york_days(found.at)
        return found.take((days >= np.datetime64(first)) & (days <= np.datetime64(last)))

    async def prices(self, tickers: Sequence[str]) -> Mapping[str, Price]:
        self.asked_for_prices.append(list(tickers))
        if self.failure:
            raise self.failure
        return {ticker: self.given[ticker] for ticker in tickers if ticker in self.given}

    def price_stream(self) -> AbstractAsyncContextManager[PriceStream]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[PriceStream]:
        self.opened += 1
        yield self.stream
        self.closed += 1
