"""What a store can do, asked of the store itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Engine and, on PostgreSQL, what of TimescaleDB is there.

    Attributes:
        engine: ``sqlite`` or ``postgresql``.
        version: the engine's version.
        timescale_available: version the server could install, None where it has none.
        timescale: version that is installed in this database, None where it is not.
        edition: ``timescale`` (community, the full thing) or ``apache``, None without the extension.

    """

    engine: str
    version: str
    timescale_available: str | None = None
    timescale: str | None = None
    edition: str | None = None

    @property
    def has_hypertables(self) -> bool:
        """Return whether tables can be hypertables."""
        return self.timescale is not None

    @property
    def has_compression(self) -> bool:
        """Return whether chunks can be compressed, and aggregates and policies kept (community edition)."""
        return self.timescale is not None and self.edition == "timescale"

    @property
    def name(self) -> str:
        """Return the store's name as people say it."""
        return "timescaledb" if self.timescale else self.engine

    @property
    def shortfall(self) -> str | None:
        """Return what this store lacks against the full TimescaleDB, None where nothing."""
        if self.engine == "sqlite":
            return "SQLite: one writer at a time, no hypertables, compression or continuous aggregates"
        if self.timescale is None:
            return "PostgreSQL without TimescaleDB: plain tables and views, no compression"
        if not self.has_compression:
            return "TimescaleDB's Apache edition: hypertables, but no compression, policies or continuous aggregates"
        return None


def read_capabilities(connection: Connection) -> Capabilities:
    """Return what the connected store can do."""
    if connection.dialect.name == "sqlite":
        return Capabilities("sqlite", str(connection.scalar(text("SELECT sqlite_version()"))))
    version = str(connection.scalar(text("SHOW server_version"))).split(" ")[0]
    row = connection.execute(
        text("SELECT default_version, installed_version FROM pg_available_extensions WHERE name = 'timescaledb'")
    ).first()
    available, installed = (row.default_version, row.installed_version) if row else (None, None)
    if installed is None:
        return Capabilities("postgresql", version, timescale_available=available)
    edition = connection.scalar(text("SELECT current_setting('timescaledb.license', true)"))
    return Capabilities("postgresql", version, available, installed, edition)
