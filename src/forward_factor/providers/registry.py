"""Providers by name. Each is imported when it is opened: they need libraries that take their time to load."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from forward_factor.errors import InvalidInput, InvalidSettings
from forward_factor.services.ports import ChainProvider, Clock


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What the providers need to know, together."""

    polygon_base_url: str
    cboe_base_url: str
    polygon_requests_per_minute: float = 3000.0
    polygon_api_key: str | None = None
    chain_files: tuple[Path, ...] = ()


def open_provider(name: str, settings: ProviderSettings, clock: Clock) -> AbstractAsyncContextManager[ChainProvider]:
    """Open the provider called ``name``; leaving closes its connections.

    Raises:
        InvalidInput: there is no such provider.

    """
    if name not in _OPENERS:
        raise InvalidInput(f"no provider {ascii(name)[:40]}: use one of {', '.join(PROVIDERS)}")
    return _OPENERS[name](settings, clock)


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
    if not settings.polygon_api_key:
        raise InvalidSettings("provider polygon needs a key: set POLYGON_API_KEY")
    from forward_factor.providers.http import HttpSource, RequestLimit
    from forward_factor.providers.polygon import PolygonChains, polygon_settings

    limit = RequestLimit(per_minute=settings.polygon_requests_per_minute)
    http = polygon_settings(settings.polygon_api_key, settings.polygon_base_url, limit)
    async with HttpSource(http, clock) as source:
        yield PolygonChains(source, clock)


@asynccontextmanager
async def _open_cboe(settings: ProviderSettings, clock: Clock) -> AsyncIterator[ChainProvider]:
    from forward_factor.providers.cboe import CboeChains, cboe_settings
    from forward_factor.providers.http import HttpSource

    async with HttpSource(cboe_settings(settings.cboe_base_url), clock) as source:
        yield CboeChains(source, clock)


_Opener = Callable[[ProviderSettings, Clock], AbstractAsyncContextManager[ChainProvider]]
_OPENERS: dict[str, _Opener] = {
    "files": _open_files,
    "polygon": _open_polygon,
    "cboe": _open_cboe,
    "simulated": _open_simulated,
}
PROVIDERS = tuple(_OPENERS)
