"""Option chains from Cboe's delayed quotes, one file a symbol."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from forward_factor.core.chain import Chain
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import NoSpotPrice, UnknownTicker, UnreadableChain
from forward_factor.providers.cboe.parse import Answer, parse_answer
from forward_factor.providers.cboe.query import chain_request
from forward_factor.providers.http import HttpSettings, HttpSource, RequestLimit, fetch_in_order
from forward_factor.services.ports import ChainFailure, Clock

logger = logging.getLogger(__name__)

BASE_URL = "https://cdn.cboe.com"


def cboe_settings(
    base_url: str = BASE_URL, limit: RequestLimit = RequestLimit(concurrent=2, per_minute=240)
) -> HttpSettings:
    """Return how to reach Cboe; the limit is modest, for this is a public file server."""
    return HttpSettings(
        provider="cboe",
        base_url=base_url,
        base_url_setting="CBOE_BASE_URL",
        refused_hint="Cboe answers so for symbols without options, too; check the ticker, or CBOE_BASE_URL",
        limit=limit,
    )


class CboeChains:
    """Chains of named tickers, all expiries; ``as_of`` is the time the answer itself names."""

    def __init__(self, source: HttpSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    @property
    def name(self) -> str:
        """Return ``cboe``."""
        return "cboe"

    def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        """Yield the chain of every ticker, or why there is none, in the given order."""
        return fetch_in_order(self.name, tickers, self._chain, at_once=self._source.concurrent)

    async def _chain(self, text: str) -> Chain:
        ticker = parse_ticker(text)
        asked_at = self._clock.now()
        answer = await self._source.fetch(chain_request(ticker), parse_answer)
        _require_contracts(ticker, answer)
        if answer.spot is None:
            raise NoSpotPrice(f"cboe, {ticker}: no price of the underlying, neither current nor close")
        return Chain(
            ticker=ticker,
            as_of=answer.as_of or _dated(ticker, asked_at),
            spot=answer.spot,
            provider=self.name,
            contracts=answer.contracts,
            rejected=answer.rejected,
        )


def _dated(ticker: str, asked_at: datetime) -> datetime:
    logger.info("cboe, %s: the answer names no time; the chain is dated as it was asked for", ticker)
    return asked_at


def _require_contracts(ticker: str, answer: Answer) -> None:
    if len(answer.contracts):
        return
    if answer.rejected:
        counts = ", ".join(f"{rejection.reason} {rejection.rows}" for rejection in answer.rejected)
        raise UnreadableChain(f"cboe, {ticker}: no contract can be used ({counts})")
    raise UnknownTicker(f"cboe, {ticker}: no options")
