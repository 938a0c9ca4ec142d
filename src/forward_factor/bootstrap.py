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
from forward_factor.core.slots import Cadences
from forward_factor.passwords import PwdlibPasswordHasher
from forward_factor.providers.registry import ProviderSettings, open_events, open_market_data, open_provider
from forward_factor.services.find_session_secret import find_session_secret
from forward_factor.services.issue_session import IssueSession
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.ports import ChainProvider, Clock, PasswordHasher, ScanFollower
from forward_factor.services.ports.budgets import RequestBudgets
from forward_factor.services.ports.events import EventsProvider
from forward_factor.services.ports.jobs import ScanQueue
from forward_factor.services.ports.market_data import MarketData
from forward_factor.services.run_requested_backtests import BacktestLimits, RunRequestedBacktests
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import Store, open_store
from forward_factor.tokens import JwtAccessTokens

BATCH_S = 5.0
"""What fetching a batch of chains should take: all of it is computed and stored together."""
REQUESTS_A_TICKER = 2
LARGEST_BATCH = 64


@dataclass(frozen=True, slots=True)
class Application:
    """Settings, and the services built from them.

    Attributes:
        database_url: what the command line said, None for what the settings say.
        memory_queues: by the store's URL, the queues of this process's services where the store keeps none.

    """

    settings: Settings
    database_url: str | None = None
    clock: Clock = field(default_factory=SystemClock)
    passwords: PasswordHasher = field(default_factory=PwdlibPasswordHasher)
    memory_queues: dict[str, ScanQueue] = field(default_factory=dict, repr=False)

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

    @property
    def web_session_life(self) -> timedelta:
        """Return how long a log-in in a browser lasts."""
        return timedelta(hours=self.settings.web_session_hours)

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

    def backtests(self) -> RunRequestedBacktests:
        """Return what runs the backtests of users in this process; each has a connection of its own."""
        one = self.settings
        limits = BacktestLimits(one.backtests_at_once, one.backtest_seconds, one.backtest_quotes)
        return RunRequestedBacktests(self.store, self.rules(), self.clock, limits)

    @property
    def scan_provider(self) -> str:
        """Return the name of the provider that scheduled scans, prices and the universe come from."""
        return self.settings.scan_provider or ("polygon" if self.settings.polygon_api_key else "cboe")

    @property
    def tickers_a_batch(self) -> int:
        """Return how many tickers a worker takes together: what the provider gives in some seconds, of 64 at most."""
        a_second = {"polygon": self.settings.polygon_requests_per_minute / 60 / REQUESTS_A_TICKER, "cboe": 4.0}
        return max(1, min(LARGEST_BATCH, int(BATCH_S * a_second.get(self.scan_provider, LARGEST_BATCH))))

    @property
    def cadences(self) -> Cadences:
        """Return the time between scans, by tier."""
        one = self.settings
        return Cadences(one.scan_cadence_high, one.scan_cadence_medium, one.scan_cadence_low)

    def scan_queue(self, store: Store) -> ScanQueue:
        """Return the queue between scheduler and workers: the store's, else one all services of this process share."""
        kept = store.scan_queue()
        if kept is not None:
            return kept
        from forward_factor.storage.queue.memory import MemoryScanQueue  # noqa: PLC0415 - few commands need it

        return self.memory_queues.setdefault(self.store_url, MemoryScanQueue())

    def provider(
        self, name: str, chains: Sequence[Path] = (), budgets: RequestBudgets | None = None
    ) -> AbstractAsyncContextManager[ChainProvider]:
        """Open a provider by name; ``chains`` are the files of provider ``files``, ``budgets`` what all may ask."""
        return open_provider(name, self._provider_settings(chains, budgets), self.clock)

    def market_data(
        self, name: str | None = None, budgets: RequestBudgets | None = None
    ) -> AbstractAsyncContextManager[MarketData]:
        """Open the market data of a provider by name, by default of the one that scheduled scans use."""
        return open_market_data(name or self.scan_provider, self._provider_settings(budgets=budgets), self.clock)

    @property
    def events_provider(self) -> str:
        """Return the provider that events come from by default: that of scheduled scans, or polygon if it has a key."""
        has_none = self.scan_provider == "cboe" and self.settings.polygon_api_key is not None
        return "polygon" if has_none else self.scan_provider

    @property
    def refreshes_events(self) -> bool:
        """Return whether events are refreshed daily; a simulated market's only where that is asked for."""
        said = self.settings.events_refresh
        return self.scan_provider != "simulated" if said is None else said

    def events(
        self, name: str | None = None, budgets: RequestBudgets | None = None
    ) -> AbstractAsyncContextManager[EventsProvider]:
        """Open the events of a provider by name, by default of ``events_provider``."""
        return open_events(name or self.events_provider, self._provider_settings(budgets=budgets), self.clock)

    def _provider_settings(
        self, chains: Sequence[Path] = (), budgets: RequestBudgets | None = None
    ) -> ProviderSettings:
        one = self.settings
        return ProviderSettings(
            polygon_api_key=one.polygon_api_key.get_secret_value() if one.polygon_api_key else None,
            polygon_base_url=one.polygon_base_url,
            polygon_requests_per_minute=one.polygon_requests_per_minute,
            polygon_stream_url=one.polygon_stream_url,
            cboe_base_url=one.cboe_base_url,
            chain_files=tuple(chains),
            budgets=budgets,
        )

    def scanner(
        self,
        provider: ChainProvider,
        store: Store | None,
        vol_points: Sequence[VolPoint] = (),
        rules: ScanRules | None = None,
        followers: Sequence[ScanFollower] = (),
    ) -> ScanTickers:
        """Return the scan of ``provider`` into ``store``, if there is one, under ``rules`` or the usual ones."""
        keep = KeepQuotes(self.settings.keep_quotes)
        return ScanTickers(provider, rules or self.rules(vol_points), self.clock, store, keep, followers)


def read_application(database_url: str | None = None) -> Application:
    """Return the application that the settings of this process make, on ``database_url`` if it is given.

    Raises:
        InvalidSettings: naming every faulty one.

    """
    settings = Settings.read()
    return Application(settings, database_url, SystemClock(timedelta(seconds=settings.clock_offset_seconds)))


def _listed(text: str) -> list[str]:
    return [one.strip().rstrip("/") for one in text.split(",") if one.strip()]
