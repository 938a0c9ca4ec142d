"""Watch prices while the market is open, and ask for a rescan of every watched ticker that has moved since its scan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

from forward_factor.core import market_hours
from forward_factor.core.price_moves import MoveRule, Price, Rescan, moved_tickers
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import (
    ForwardFactorError,
    InvalidTicker,
    ProviderRefused,
    ProviderUnavailable,
    UnknownTicker,
    UnreadableChain,
)
from forward_factor.services.ports import Clock
from forward_factor.services.ports.market_data import Ability, MarketData, PriceStream
from forward_factor.services.ports.scanned_prices import ScannedPrices

RequestScans = Callable[[Sequence[str]], Awaitable[object]]
"""Makes tickers due now."""

READS_SCANS_EVERY = timedelta(seconds=5)
ASKS_FOR_STREAM_EVERY = timedelta(hours=1)
"""After the provider refused it."""

REFUSED_FOR = timedelta(minutes=15)
"""A provider that refuses prices (a plan may lack them) is asked again after that."""

TICKERS_A_CALL = 200
"""Moves among them are acted on before the next ones are looked at."""


class PriceSource(StrEnum):
    """Where prices come from just now."""

    NOWHERE = "nowhere, the market is closed"
    STREAM = "the stream"
    POLLING = "polling"


class WatchPrices:
    """Looks at prices whenever it is told to; the stream of a provider that has one is open as long as the market.

    While a stream is not live, prices are asked for every ``poll_every``, or every other time where one round takes
    longer: half of what a provider allows is left for scans.

    Attributes:
        source: where prices come from.
        refusal: why the provider gives no stream, None while it may.
        failure: why prices could not be asked for the last time, None where they could.

    """

    def __init__(
        self,
        scanned: ScannedPrices,
        clock: Clock,
        data: MarketData,
        request: RequestScans,
        rule: MoveRule,
        poll_every: timedelta,
    ) -> None:
        self._reader = scanned
        self._clock = clock
        self._data = data
        self._request = request
        self._rule = rule
        self._poll_every = poll_every
        self._scanned: Mapping[str, float] = {}
        self._latest: dict[str, Price] = {}
        self._asked: dict[str, Rescan] = {}
        self._stream: PriceStream | None = None
        self._streamed_tickers: frozenset[str] = frozenset()
        self._open = AsyncExitStack()
        self._read_next_at = self._poll_next_at = self._stream_next_at = datetime.min.replace(tzinfo=UTC)
        self.source = PriceSource.NOWHERE
        self.refusal: str | None = None
        self.failure: ForwardFactorError | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.rest()

    async def look(self) -> Sequence[str]:
        """Look once, and return the tickers for which a rescan was asked for.

        Raises:
            StoreUnavailable: nothing was asked for; the next look does.

        """
        now = self._clock.now()
        if not market_hours.is_open(now):
            await self.rest()
            return ()
        await self._read_scanned(now)
        self._latest |= await self._streamed(now)
        moved = await self._judge(now)
        is_live = self._stream is not None and self._stream.is_live
        self.source = PriceSource.STREAM if is_live else PriceSource.POLLING
        if is_live:
            self.failure = None
        elif now >= self._poll_next_at:
            moved += await self._poll(now)
        return moved

    async def rest(self) -> None:
        """Close the stream and forget all prices: the market is closed, or another process watches."""
        self._stream = None
        self.source = PriceSource.NOWHERE
        self._latest.clear()
        self._asked.clear()
        await self._open.aclose()

    async def _read_scanned(self, now: datetime) -> None:
        if now < self._read_next_at:
            return
        scanned = {ticker: dollars for ticker, dollars in (await self._reader.of_watched()).items() if _is_ours(ticker)}
        # what was seen before the last scan says nothing about a move since
        before, self._scanned = self._scanned, scanned
        is_same = {ticker for ticker, dollars in scanned.items() if before.get(ticker) == dollars}
        self._latest = {ticker: price for ticker, price in self._latest.items() if ticker in is_same}
        self._read_next_at = now + READS_SCANS_EVERY

    async def _streamed(self, now: datetime) -> Mapping[str, Price]:
        if self._stream is None and Ability.STREAM in self._data.abilities and now >= self._stream_next_at:
            self._stream = await self._open.enter_async_context(self._data.price_stream())
            self._streamed_tickers = frozenset()
        if self._stream is None:
            return {}
        self.refusal = self._stream.refusal
        if self.refusal is not None:
            self._stream, self._stream_next_at = None, now + ASKS_FOR_STREAM_EVERY
            await self._open.aclose()
            return {}
        if self._streamed_tickers != self._scanned.keys():
            self._streamed_tickers = frozenset(self._scanned)
            self._stream.watch(self._streamed_tickers)
        return self._stream.take()

    async def _judge(self, now: datetime) -> list[str]:
        moved = moved_tickers(self._latest, self._scanned, self._asked, now, self._rule)
        if moved:
            await self._request(moved)
            self._asked |= {ticker: Rescan(now, self._latest[ticker]) for ticker in moved}
        return moved

    async def _poll(self, began_at: datetime) -> list[str]:
        tickers = list(self._scanned)
        moved: list[str] = []
        failure: ForwardFactorError | None = None
        try:
            for start in range(0, len(tickers), TICKERS_A_CALL):
                failure = await self._ask_for_prices(tickers[start : start + TICKERS_A_CALL]) or failure
                moved += await self._judge(self._clock.now())
                if isinstance(failure, ProviderUnavailable | ProviderRefused):
                    break
        finally:
            self.failure = failure
            took = self._clock.now() - began_at
            least = REFUSED_FOR if isinstance(failure, ProviderRefused) else self._poll_every
            self._poll_next_at = began_at + max(least, 2 * took)
        return moved

    async def _ask_for_prices(self, tickers: Sequence[str]) -> ForwardFactorError | None:
        try:
            self._latest |= await self._data.prices(tickers)
        except (ProviderUnavailable, ProviderRefused, UnreadableChain, UnknownTicker) as error:
            return error
        return None


def _is_ours(ticker: str) -> bool:
    """Return whether a ticker is spelled as we do; the old bot kept what it was told."""
    try:
        return parse_ticker(ticker) == ticker
    except InvalidTicker:
        return False
