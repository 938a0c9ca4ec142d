"""The simulated market's events, behind the port that real vendors stand behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from forward_factor.providers.simulated.market import PROVIDER_NAME, SimulatedMarket
from forward_factor.services.ports.events import EventKind, ProvidedEvents


class SimulatedEvents:
    """Announcements and dividends of any ticker; no share of this market is ever split."""

    def __init__(self, market: SimulatedMarket) -> None:
        """Stand before ``market``."""
        self._market = market

    @property
    def name(self) -> str:
        """Return ``simulated``."""
        return PROVIDER_NAME

    @property
    def abilities(self) -> frozenset[EventKind]:
        """Return all of them."""
        return frozenset(EventKind)

    async def of_ticker(self, kind: EventKind, ticker: str, start: date, end: date) -> ProvidedEvents:
        """Return one kind of a ticker's events."""
        if kind is EventKind.EARNINGS:
            return ProvidedEvents(earnings=tuple(self._market.earnings(ticker, start, end)))
        dividends = self._market.dividends(ticker, start, end) if kind is EventKind.DIVIDENDS else []
        return ProvidedEvents(actions=tuple(dividends))

    async def of_market(self, kind: EventKind, tickers: Sequence[str], start: date, end: date) -> ProvidedEvents:
        """Return the same of many tickers."""
        each = [await self.of_ticker(kind, ticker, start, end) for ticker in tickers if not ticker.startswith("^")]
        earnings = tuple(event for one in each for event in one.earnings)
        return ProvidedEvents(earnings, tuple(action for one in each for action in one.actions))
