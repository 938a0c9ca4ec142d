"""Settings: read once from the environment and a .env file, typed, every fault named together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from forward_factor.errors import InvalidSettings

Share = Annotated[float, Field(ge=0, le=2)]
SHORTEST_SECRET = 32
Count = Annotated[int, Field(ge=0, le=10_000_000)]


class Settings(BaseSettings):
    """Everything that can be set from outside; the names are the environment's, in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: SecretStr | None = Field(default=None, description="Where to store; else DB_*, else a SQLite file")
    db_user: str = Field(default="ffbot", description="User of the PostgreSQL server named by DB_HOST")
    db_password: SecretStr | None = Field(default=None, description="Password of that user")
    db_name: str = Field(default="ffbot", description="Database on that server")
    db_host: str | None = Field(default=None, description="PostgreSQL server, used when DATABASE_URL is not set")
    db_port: int = Field(default=5432, ge=1, le=65535, description="Port of that server")
    db_pool_size: int = Field(default=10, ge=1, le=1000, description="Connections a process keeps open")
    db_max_overflow: int = Field(default=20, ge=0, le=1000, description="Connections beyond that under load")
    db_pool_timeout: float = Field(default=30.0, gt=0, le=600, description="Seconds to wait for a connection")
    db_pool_recycle: int = Field(default=3600, ge=-1, description="Seconds after which a connection is renewed")

    polygon_api_key: SecretStr | None = Field(default=None, description="Key of the Polygon (Massive) data API")
    polygon_base_url: str = Field(default="https://api.massive.com", description="Address of that API")
    polygon_requests_per_minute: float = Field(
        default=3000.0, gt=0, le=1e6, description="What your plan allows (the free one: 5)"
    )
    polygon_stream_url: str = Field(
        default="wss://socket.massive.com/stocks",
        description="Its price stream (delayed plans: wss://delayed.massive.com/stocks)",
    )
    cboe_base_url: str = Field(default="https://cdn.cboe.com", description="Address of CBOE's delayed quotes")

    telegram_bot_token: SecretStr | None = Field(default=None, description="Token of the Telegram bot; no bot without")
    telegram_api_base: str = Field(default="https://api.telegram.org", description="Address of the Bot API")
    telegram_webhook_url: str | None = Field(
        default=None, description="Public https address for updates; without it the bot polls"
    )
    telegram_webhook_port: int = Field(default=8443, ge=1, le=65535, description="Port the webhook listens on")

    secret_key: SecretStr | None = Field(
        default=None, description="Signs log-ins, 32 characters or more; else one is made and kept in the store"
    )
    cors_origins: str = Field(default="", description="Web origins that may call the API, separated by commas")
    api_host: str = Field(default="127.0.0.1", description="Address the API listens on")
    api_port: int = Field(default=8000, ge=1, le=65535, description="Port the API listens on")
    api_trusted_proxies: str = Field(
        default="", description="Addresses of proxies whose word on a client's address counts, separated by commas"
    )
    access_token_minutes: float = Field(default=15.0, gt=0, le=1440, description="Life of an access token")
    refresh_token_days: float = Field(default=30.0, gt=0, le=365, description="Life of a log-in that is not used")
    web_session_hours: float = Field(default=12.0, gt=0, le=720, description="Life of a log-in in a browser")
    registration_open: bool = Field(default=True, description="Whether anyone may make an account, web or Telegram")

    scan_provider: Literal["polygon", "cboe", "simulated"] | None = Field(
        default=None, description="Where scheduled scans get chains; else polygon if it has a key, else cboe"
    )
    scan_cadence_high: float = Field(default=3.0, gt=0, le=1440, description="Minutes between scans, high tier")
    scan_cadence_medium: float = Field(default=15.0, gt=0, le=1440, description="Minutes between scans, medium tier")
    scan_cadence_low: float = Field(default=60.0, gt=0, le=1440, description="Minutes between scans, low tier")
    price_move_pct: Share = Field(default=0.005, description="Move since its scan that rescans a ticker; 0 for none")
    price_poll_seconds: float = Field(default=30.0, gt=0, le=3600, description="Between looks at prices")
    discovery_size: int = Field(
        default=200, ge=0, le=10_000, description="Most liquid tickers, scanned for all; 0 for none"
    )
    events_refresh: bool | None = Field(
        default=None, description="Refresh earnings, dividends, splits daily; else wherever SCAN_PROVIDER is a real one"
    )
    clock_offset_seconds: float = Field(
        default=0.0, ge=-1e9, le=1e9, description="Added to the clock, for rehearsals on simulated data"
    )

    backtests_at_once: int = Field(default=2, ge=1, le=64, description="That users ask for, in a process of the API")
    backtest_seconds: float = Field(default=300.0, gt=0, le=86_400, description="That one of them may take")
    backtest_quotes: int = Field(default=20_000_000, ge=1, description="Recorded quotes that one of them may read")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="What is logged")
    keep_quotes: Literal["window", "daily", "full"] = Field(
        default="daily",
        description="Quotes to store: the pair rules' window, also the full chain after each close, or all",
    )

    risk_free_rate: float = Field(default=0.04, gt=-0.5, lt=0.5, description="Continuously compounded, decimal")
    default_ff_threshold: float = Field(default=0.20, ge=-1, le=10, description="Smallest forward factor of a signal")
    default_sigma_fwd_floor: Share = Field(default=0.05, description="Smallest forward vol of a signal, decimal")
    default_max_bid_ask_pct: Share = Field(default=0.08, description="Widest (ask - bid) / mid, decimal")
    default_min_open_interest: Count = Field(default=100, description="Contracts, at each contract used")
    default_min_volume: Count = Field(default=10, description="Contracts, at each contract used")
    default_stability_scans: int = Field(
        default=2, ge=1, le=10, description="Consecutive scans a candidate must pass, of a new user"
    )
    default_cooldown_minutes: int = Field(
        default=120, ge=0, le=1440, description="Between alerts on a ticker and pair, of a new user"
    )

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"use {SHORTEST_SECRET} characters or more, or none at all")
        return secret

    @classmethod
    def read(cls) -> Self:
        """Return the settings of this process.

        Raises:
            InvalidSettings: naming every faulty one; their values are not repeated.

        """
        try:
            return cls()
        except ValidationError as faults:
            lines = [f"{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in faults.errors()]
            raise InvalidSettings("settings are wrong: " + "; ".join(lines)) from None

    def store_url(self, given: str | None = None) -> str:
        """Return the URL of the store: ``given``, DATABASE_URL, DB_*, or a SQLite file of the user's own."""
        if given:
            return given
        if self.database_url:
            return self.database_url.get_secret_value()
        if self.db_host:
            return self._server_url(self.db_host)
        return f"sqlite:///{default_store()}"

    def _server_url(self, host: str) -> str:
        password = self.db_password.get_secret_value() if self.db_password else ""
        who = quote(self.db_user, safe="") + (f":{quote(password, safe='')}" if password else "")
        return f"postgresql://{who}@{host}:{self.db_port}/{quote(self.db_name, safe='')}"


def env_example() -> str:
    """Return the text of ``.env.example``: every setting with what it means and its default, commented out."""
    lines = ["# Settings of Forward Factor: copy to .env and take away the # where you want another value."]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else field.default
        lines += ["", f"# {field.description}", f"#{name.upper()}={default}"]
    return "\n".join(lines) + "\n"


def default_store() -> Path:
    """Return the SQLite file used when nothing else is said."""
    return user_data_path("forward-factor", appauthor=False) / "forward-factor.db"
