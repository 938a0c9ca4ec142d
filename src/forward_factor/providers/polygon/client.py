"""Option chains from Polygon (now Massive), page by page."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence

from forward_factor.core.chain import Chain, Contracts, Rejection, new_york_date
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import NoSpotPrice, ProviderRefused, UnknownTicker, UnreadableChain
from forward_factor.providers.http import HttpRequest, HttpSettings, HttpSource, RequestLimit, fetch_in_order
from forward_factor.providers.polygon.parse import Page, add_up, parse_page, parse_previous_close
from forward_factor.providers.polygon.query import chain_request, cursor, next_page, previous_close_request
from forward_factor.services.ports import ChainFailure, Clock

logger = logging.getLogger(__name__)

BASE_URL = "https://api.massive.com"
PAGE_CAP = 400


def polygon_settings(
    api_key: str | None, base_url: str = BASE_URL, limit: RequestLimit = RequestLimit(per_minute=3000)
) -> HttpSettings:
    """Return how to reach Polygon; the limit suits paid plans (the free one allows 5 requests a minute)."""
    return HttpSettings(
        provider="polygon",
        base_url=base_url,
        base_url_setting="POLYGON_BASE_URL",
        refused_hint="check POLYGON_API_KEY, and that its plan includes option snapshots",
        api_key=api_key,
        api_key_setting="POLYGON_API_KEY",
        limit=limit,
    )


class PolygonChains:
    """Chains of named tickers, expiries of the next 120 days; ``as_of`` is the start of the fetch."""

    def __init__(self, source: HttpSource, clock: Clock, *, page_cap: int = PAGE_CAP) -> None:
        self._source = source
        self._clock = clock
        self._page_cap = page_cap

    @property
    def name(self) -> str:
        """Return ``polygon``."""
        return "polygon"

    def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        """Yield the chain of every ticker, or why there is none, in the given order."""
        return fetch_in_order(self.name, tickers, self._chain, at_once=self._source.concurrent)

    async def _chain(self, text: str) -> Chain:
        ticker = parse_ticker(text)
        as_of = self._clock.now()
        pages = await self._pages(chain_request(ticker, new_york_date(as_of)))
        contracts = _contracts(ticker, pages)
        return Chain(
            ticker=ticker,
            as_of=as_of,
            spot=await self._spot(ticker, pages),
            provider=self.name,
            contracts=contracts,
            rejected=_rejected(pages),
        )

    async def _pages(self, request: HttpRequest) -> list[Page]:
        pages: list[Page] = []
        seen: set[str] = set()
        while True:
            page = await self._source.fetch(request, parse_page)
            pages.append(page)
            if page.next_url is None:
                return pages
            request = next_page(request, page.next_url)
            self._guard(request, seen, len(pages))

    def _guard(self, request: HttpRequest, seen: set[str], read: int) -> None:
        # Half a chain would pair the wrong expiries, so a chain without an end is no chain.
        if cursor(request) in seen:
            raise UnreadableChain(f"polygon, {request.subject}: its pages go in a circle after {read}")
        if read >= self._page_cap:
            raise UnreadableChain(f"polygon, {request.subject}: more than {self._page_cap} pages")
        seen.add(cursor(request))

    async def _spot(self, ticker: str, pages: Sequence[Page]) -> float:
        for page in pages:
            if page.spot is not None:
                return page.spot
        return await self._previous_close(ticker)

    async def _previous_close(self, ticker: str) -> float:
        try:
            close = await self._source.fetch(previous_close_request(ticker), parse_previous_close)
        except (UnknownTicker, ProviderRefused) as error:
            raise NoSpotPrice(f"polygon, {ticker}: no price of it in the chain; {error}") from error
        if close is None:
            raise NoSpotPrice(f"polygon, {ticker}: no price of it in the chain, and no previous close")
        logger.info("polygon, %s: no price of it in the chain; spot is the previous close, %s", ticker, close)
        return close


def _contracts(ticker: str, pages: Sequence[Page]) -> Contracts:
    contracts = Contracts.concatenate([page.contracts for page in pages])
    rejected = _rejected(pages)
    if len(contracts):
        return contracts
    if rejected:
        counts = ", ".join(f"{rejection.reason} {rejection.rows}" for rejection in rejected)
        raise UnreadableChain(f"polygon, {ticker}: no contract can be used ({counts})")
    raise UnknownTicker(f"polygon, {ticker}: no options that expire within the horizon")


def _rejected(pages: Sequence[Page]) -> tuple[Rejection, ...]:
    return add_up(rejection for page in pages for rejection in page.rejected)
