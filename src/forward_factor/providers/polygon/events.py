"""Earnings, dividends and splits from Polygon (now Massive), page by page."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date

from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import UnknownTicker, UnreadableChain
from forward_factor.providers.http import HttpRequest, HttpSource
from forward_factor.providers.polygon.events_parse import EventsPage, gather, parse_events
from forward_factor.providers.polygon.events_query import events_request
from forward_factor.providers.polygon.query import cursor, next_page, our_tickers
from forward_factor.services.ports.events import EventKind, ProvidedEvents

logger = logging.getLogger(__name__)

PAGE_CAP = 60
"""Of 1,000 entries each; the whole market's dividends of four months take some ten."""
REFUSED_HINT = "check POLYGON_API_KEY, and that its plan includes these (earnings are Benzinga's, sold apart)"


class PolygonEvents:
    """All kinds, of shares and funds; indices (``^SPX``) have none."""

    def __init__(self, source: HttpSource, *, page_cap: int = PAGE_CAP) -> None:
        self._source = source
        self._page_cap = page_cap

    @property
    def name(self) -> str:
        """Return ``polygon``."""
        return "polygon"

    @property
    def abilities(self) -> frozenset[EventKind]:
        """Return all of them; whether the plan has them too, only asking shows."""
        return frozenset(EventKind)

    async def of_ticker(self, kind: EventKind, ticker: str, start: date, end: date) -> ProvidedEvents:
        """Return one kind of a ticker's events, by a request or two."""
        ours = our_tickers([parse_ticker(ticker)])
        for symbol in ours:
            return await self._events(events_request(kind, ticker, symbol, start, end), kind, ours, start, end)
        return ProvidedEvents()

    async def of_market(self, kind: EventKind, tickers: Sequence[str], start: date, end: date) -> ProvidedEvents:
        """Return the same of many tickers, out of the whole market's."""
        request = events_request(kind, None, None, start, end)
        return await self._events(request, kind, our_tickers(tickers), start, end)

    async def _events(
        self, request: HttpRequest, kind: EventKind, ours: Mapping[str, Sequence[str]], start: date, end: date
    ) -> ProvidedEvents:
        try:
            found = gather(await self._pages(request, kind), ours, start, end)
        except UnknownTicker:
            return ProvidedEvents()
        if found.unreadable:
            logger.warning("polygon, %s: %d entries cannot be read", request.subject, found.unreadable)
        return found

    async def _pages(self, request: HttpRequest, kind: EventKind) -> list[EventsPage]:
        pages: list[EventsPage] = []
        seen: set[str] = set()
        while True:
            page = await self._source.fetch(request, lambda body: parse_events(body, kind))
            pages.append(page)
            if page.next_url is None:
                return pages
            request = next_page(request, page.next_url)
            if cursor(request) in seen:
                raise UnreadableChain(f"polygon, {request.subject}: its pages go in a circle after {len(pages)}")
            if len(pages) >= self._page_cap:
                raise UnreadableChain(f"polygon, {request.subject}: more than {self._page_cap} pages")
            seen.add(cursor(request))
