"""The simulated market behind the port that real vendors stand behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from forward_factor.core.chain import Chain
from forward_factor.errors import InvalidTicker
from forward_factor.providers.simulated.market import PROVIDER_NAME, SimulatedMarket
from forward_factor.services.ports import ChainFailure, Clock


class SimulatedChains:
    """Gives the chains of a simulated market at the time of a clock."""

    def __init__(self, market: SimulatedMarket, clock: Clock) -> None:
        """Stand before ``market``; ``clock`` says what time it is there."""
        self._market = market
        self._clock = clock

    @property
    def name(self) -> str:
        """Return ``simulated``."""
        return PROVIDER_NAME

    async def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        """Yield the chain of every ticker as of one instant; no tickers means all that are listed."""
        now = self._clock.now()
        for ticker in tickers or self._market.tickers:
            yield self._chain_or_failure(ticker, now)
            await asyncio.sleep(0)

    def _chain_or_failure(self, ticker: str, now: datetime) -> Chain | ChainFailure:
        try:
            return self._market.chain(ticker, now)
        except InvalidTicker as error:
            return ChainFailure(ticker, error)
