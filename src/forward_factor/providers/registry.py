"""Providers by name. Each is imported when it is opened: they need libraries that take their time to load."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from forward_factor.errors import InvalidInput, InvalidSettings, NotOffered
from forward_factor.services.ports import ChainProvider, Clock
from forward_factor.services.ports.budgets import RequestBudgets
from forward_factor.services.ports.events import EventsProvider
from forward_factor.services.ports.history import ChainHistory
from forward_factor.services.ports.market_data import MarketData

if TYPE_CHECKING:
    from forward_factor.core.bars import Timeframe
    from forward_factor.providers.files.bars import BarsReading
    from forward_factor.providers.files.bars import Progress as BarProgress
    from forward_factor.providers.http import HttpSource


FEWEST_AT_ONCE, MOST_AT_ONCE = 4, 16
ANSWERS_WITHIN_S = 0.3
"""What a page takes, so that one worker alone can use up a plan of some thousand requests a minute."""
SIMULATED_UNIVERSE = 400
"""Tickers in the simulated market's daily bars."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What the providers need to know, together; ``budgets`` are what all processes may ask of them."""

    polygon_base_url: str
    cboe_base_url: str
    polygon_requests_per_minute: float = 3000.0
    polygon_api_key: str | None = None
    polygon_stream_url: str = "wss://socket.massive.com/stocks"
    chain_files: tuple[Path, ...] = ()
    budgets: RequestBudgets | None = None


def open_provider(name: str, settings: ProviderSettings, clock: Clock) -> AbstractAsyncContextManager[ChainProvider]:
    """Open the provider called ``name``; leaving closes its connections.

    Raises:
        InvalidInput: there is no such provider.

    """
    if name not in _OPENERS:
        raise InvalidInput(f"no provider {ascii(name)[:40]}: use one of {', '.join(PROVIDERS)}")
    return _OPENERS[name](settings, clock)


def open_market_data(name: str, settings: ProviderSettings, clock: Clock) -> AbstractAsyncContextManager[MarketData]:
    """Open the market data of the provider called ``name``; leaving closes its connections.

    Raises:
        InvalidInput: there is no such provider.
        NotOffered: it has no market data at all.

    """
    if name not in _OPENERS:
        raise InvalidInput(f"no provider {ascii(name)[:40]}: use one of {', '.join(_DATA_OPENERS)}")
    if name not in _DATA_OPENERS:
        raise NotOffered(f"provider {name} has no market data: use one of {', '.join(_DATA_OPENERS)}")
    return _DATA_OPENERS[name](settings, clock)


def open_events(name: str, settings: ProviderSettings, clock: Clock) -> AbstractAsyncContextManager[EventsProvider]:
    """Open the events of the provider called ``name``; leaving closes its connections.

    Raises:
        InvalidInput: there is no such provider.
        NotOffered: it has no events at all.

    """
    if name not in _OPENERS:
        raise InvalidInput(f"no provider {ascii(name)[:40]}: use one of {', '.join(_EVENTS_OPENERS)}")
    if name not in _EVENTS_OPENERS:
        raise NotOffered(f"provider {name} has no events: use one of {', '.join(_EVENTS_OPENERS)}")
    return _EVENTS_OPENERS[name](settings, clock)


def open_file_history(paths: Sequence[Path]) -> ChainHistory:
    """Return the chains recorded in files, by instant."""
    from forward_factor.providers.files.history import FileHistory

    return FileHistory(paths)


def read_bar_file(path: Path, timeframe: Timeframe | None, zone: str | None, progress: BarProgress) -> BarsReading:
    """Return the bars of a file; see ``files.bars.read_bars``."""
    from forward_factor.providers.files.bars import read_bars

    return read_bars(path, timeframe, zone, progress)


@asynccontextmanager
async def _open_files(settings: ProviderSettings, _clock: Clock) -> AsyncIterator[ChainProvider]:
    from forward_factor.providers.files.chains import FileChains

    yield FileChains(settings.chain_files)


@asynccontextmanager
async def _open_simulated(_settings: ProviderSettings, clock: Clock) -> AsyncIterator[ChainProvider]:
    from forward_factor.providers.simulated import SimulatedChains, SimulatedMarket

    yield SimulatedChains(SimulatedMarket(), clock)


@asynccontextmanager
async def _open_polygon(settings: ProviderSettings, clock: Clock) -> AsyncIterator[ChainProvider]:
    from forward_factor.providers.polygon import PolygonChains

    async with _polygon_source(settings, clock) as source:
        yield PolygonChains(source, clock)


@asynccontextmanager
async def _open_cboe(settings: ProviderSettings, clock: Clock) -> AsyncIterator[ChainProvider]:
    from forward_factor.providers.cboe import CboeChains

    async with _cboe_source(settings, clock) as source:
        yield CboeChains(source, clock)


@asynccontextmanager
async def _open_simulated_data(_settings: ProviderSettings, clock: Clock) -> AsyncIterator[MarketData]:
    from forward_factor.providers.simulated import SimulatedMarket
    from forward_factor.providers.simulated.market_data import SimulatedMarketData

    yield SimulatedMarketData(SimulatedMarket(size=SIMULATED_UNIVERSE), clock)


@asynccontextmanager
async def _open_polygon_data(settings: ProviderSettings, clock: Clock) -> AsyncIterator[MarketData]:
    from forward_factor.providers.polygon.market import PolygonMarketData
    from forward_factor.providers.polygon.stream import StreamSettings

    async with _polygon_source(settings, clock) as source:
        stream = StreamSettings(settings.polygon_stream_url, settings.polygon_api_key or "")
        yield PolygonMarketData(source, clock, stream)


@asynccontextmanager
async def _open_cboe_data(settings: ProviderSettings, clock: Clock) -> AsyncIterator[MarketData]:
    from forward_factor.providers.cboe.market import CboeMarketData

    async with _cboe_source(settings, clock) as source:
        yield CboeMarketData(source, clock)


@asynccontextmanager
async def _open_simulated_events(_settings: ProviderSettings, _clock: Clock) -> AsyncIterator[EventsProvider]:
    from forward_factor.providers.simulated import SimulatedMarket
    from forward_factor.providers.simulated.market_events import SimulatedEvents

    yield SimulatedEvents(SimulatedMarket())


@asynccontextmanager
async def _open_polygon_events(settings: ProviderSettings, clock: Clock) -> AsyncIterator[EventsProvider]:
    from forward_factor.providers.polygon.events import REFUSED_HINT, PolygonEvents

    async with _polygon_source(settings, clock, REFUSED_HINT) as source:
        yield PolygonEvents(source)


def _polygon_source(settings: ProviderSettings, clock: Clock, refused_hint: str | None = None) -> HttpSource:
    if not settings.polygon_api_key:
        raise InvalidSettings("provider polygon needs a key: set POLYGON_API_KEY")
    from forward_factor.providers.http import HttpSource, RequestLimit
    from forward_factor.providers.polygon import polygon_settings

    per_minute = settings.polygon_requests_per_minute
    at_once = max(FEWEST_AT_ONCE, min(MOST_AT_ONCE, round(per_minute / 60 * ANSWERS_WITHIN_S)))
    limit = RequestLimit(concurrent=at_once, per_minute=per_minute)
    http = polygon_settings(settings.polygon_api_key, settings.polygon_base_url, limit)
    http = replace(http, refused_hint=refused_hint or http.refused_hint)
    return HttpSource(http, clock, budgets=settings.budgets)


def _cboe_source(settings: ProviderSettings, clock: Clock) -> HttpSource:
    from forward_factor.providers.cboe import cboe_settings
    from forward_factor.providers.http import HttpSource

    return HttpSource(cboe_settings(settings.cboe_base_url), clock, budgets=settings.budgets)


_Opener = Callable[[ProviderSettings, Clock], AbstractAsyncContextManager[ChainProvider]]
_OPENERS: dict[str, _Opener] = {
    "files": _open_files,
    "polygon": _open_polygon,
    "cboe": _open_cboe,
    "simulated": _open_simulated,
}
_DataOpener = Callable[[ProviderSettings, Clock], AbstractAsyncContextManager[MarketData]]
_DATA_OPENERS: dict[str, _DataOpener] = {
    "polygon": _open_polygon_data,
    "cboe": _open_cboe_data,
    "simulated": _open_simulated_data,
}
_EventsOpener = Callable[[ProviderSettings, Clock], AbstractAsyncContextManager[EventsProvider]]
_EVENTS_OPENERS: dict[str, _EventsOpener] = {"polygon": _open_polygon_events, "simulated": _open_simulated_events}
PROVIDERS = tuple(_OPENERS)
