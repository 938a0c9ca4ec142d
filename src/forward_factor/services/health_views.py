"""How a store does, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """Connections of this process to a server: in use, idle, and at most."""

    in_use: int
    idle: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """A store that answers.

    Attributes:
        engine: ``sqlite``, ``postgresql`` or ``timescaledb``.
        version: of SQLite or PostgreSQL; ``extension`` is TimescaleDB's, ``edition`` ``timescale`` or ``apache``.
        latency_ms: of one question that costs nothing, milliseconds.
        schema_level, newest_level: migrations, of the store and of this program.
        pool: None where the store is a file.

    """

    engine: str
    version: str
    extension: str | None
    edition: str | None
    latency_ms: float
    schema_level: str | None
    newest_level: str
    pool: PoolUse | None

    @property
    def is_at_newest(self) -> bool:
        """Return whether the schema is this program's."""
        return self.schema_level == self.newest_level
