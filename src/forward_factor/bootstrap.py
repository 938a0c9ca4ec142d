"""The only place that knows everything: settings in, services with their adapters out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from forward_factor.clock import SystemClock
from forward_factor.config import Settings
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.rules import ScanRules, VolPoint
from forward_factor.core.sessions import SessionTerms
from forward_factor.passwords import PwdlibPasswordHasher
from forward_factor.providers.registry import ProviderSettings, open_market_data, open_provider
from forward_factor.services.find_session_secret import find_session_secret
from forward_factor.services.issue_session import IssueSession
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.ports import ChainProvider, Clock, PasswordHasher
from forward_factor.services.ports.market_data import MarketData
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import Store, open_store
from forward_factor.tokens import JwtAccessTokens


@dataclass(frozen=True, slots=True)
class Application:
    """Settings, and the services built from them.

    Attributes:
        database_url: what the command line said, None for what the settings say.

    """

    settings: Settings
    database_url: str | None = None
    clock: Clock = field(default_factory=SystemClock)
    passwords: PasswordHasher = field(default_factory=PwdlibPasswordHasher)

    @property
    def store_url(self) -> str:
        """Return the URL of the store; it may hold a password."""
        return self.settings.store_url(self.database_url)

    @property
    def pool(self) -> PoolSettings:
        """Return how many connections a process keeps."""
        one = self.settings
        return PoolSettings(one.db_pool_size, one.db_max_overflow, one.db_pool_timeout, one.db_pool_recycle)

    def rules(self, vol_points: Sequence[VolPoint] = ()) -> ScanRules:
        """Return the rules every scan runs under."""
        one = self.settings
        return ScanRules(
            vol_points=tuple(dict.fromkeys(vol_points)) or (VolPoint.ATM,),
            risk_free_rate=one.risk_free_rate,
            ff_threshold=one.default_ff_threshold,
            sigma_fwd_floor=one.default_sigma_fwd_floor,
            max_bid_ask_pct=one.default_max_bid_ask_pct,
            min_open_interest=one.default_min_open_interest,
            min_volume=one.default_min_volume,
        )

    @property
    def account_settings(self) -> AccountSettings:
        """Return the settings of a new account."""
        one = self.settings
        return AccountSettings(
            ff_threshold=one.default_ff_threshold,
            sigma_fwd_floor=one.default_sigma_fwd_floor,
            max_bid_ask_pct=one.default_max_bid_ask_pct,
            min_open_interest=one.default_min_open_interest,
            min_volume=one.default_min_volume,
            stability_scans=one.default_stability_scans,
            cooldown_minutes=one.default_cooldown_minutes,
        )

    @property
    def cors_origins(self) -> list[str]:
        """Return the web origins that may call the API."""
        return _listed(self.settings.cors_origins)

    @property
    def trusted_proxies(self) -> list[str]:
        """Return the proxies whose word on a client's address counts."""
        return _listed(self.settings.api_trusted_proxies)

    @property
    def session_terms(self) -> SessionTerms:
        """Return how long tokens last."""
        one = self.settings
        return SessionTerms(timedelta(minutes=one.access_token_minutes), timedelta(days=one.refresh_token_days))

    async def session_secret(self, store: Store) -> str:
        """Return the secret that signs sessions: the settings', else the installation's own."""
        given = self.settings.secret_key
        return given.get_secret_value() if given else await find_session_secret(store, self.clock)

    async def session_issuer(self, store: Store) -> IssueSession:
        """Return what makes the tokens of sessions; every process of an installation makes and reads the same."""
        tokens = JwtAccessTokens(await self.session_secret(store))
        return IssueSession(tokens, self.clock, self.session_terms)

    def store(self) -> AbstractAsyncContextManager[Store]:
        """Open the store."""
        return open_store(self.store_url, self.pool)

    @property
    def scan_provider(self) -> str:
        """Return the name of the provider that scheduled scans, prices and the universe come from."""
        return self.settings.scan_provider or ("polygon" if self.settings.polygon_api_key else "cboe")

    def provider(self, name: str, chains: Sequence[Path] = ()) -> AbstractAsyncContextManager[ChainProvider]:
        """Open a provider by name; ``chains`` are the files of provider ``files``."""
        return open_provider(name, self._provider_settings(chains), self.clock)

    def market_data(self, name: str | None = None) -> AbstractAsyncContextManager[MarketData]:
        """Open the market data of a provider by name, by default of the one that scheduled scans use."""
        return open_market_data(name or self.scan_provider, self._provider_settings(), self.clock)

    def _provider_settings(self, chains: Sequence[Path] = ()) -> ProviderSettings:
        one = self.settings
        return ProviderSettings(
            polygon_api_key=one.polygon_api_key.get_secret_value() if one.polygon_api_key else None,
            polygon_base_url=one.polygon_base_url,
            polygon_requests_per_minute=one.polygon_requests_per_minute,
            polygon_stream_url=one.polygon_stream_url,
            cboe_base_url=one.cboe_base_url,
            chain_files=tuple(chains),
        )

    def scanner(self, provider: ChainProvider, store: Store | None, vol_points: Sequence[VolPoint] = ()) -> ScanTickers:
        """Return the scan of ``provider``, into ``store`` if there is one."""
        return ScanTickers(provider, self.rules(vol_points), self.clock, store, KeepQuotes(self.settings.keep_quotes))


def _listed(text: str) -> list[str]:
    return [one.strip().rstrip("/") for one in text.split(",") if one.strip()]
