"""Column types that behave alike on every store."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out. ``timestamptz`` on PostgreSQL, naive UTC text on SQLite.

    asyncpg refuses naive values and SQLite forgets the zone even with ``timezone=True``, so a naive value is
    refused here, on every store.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return ``value`` in UTC, without its zone where the store has none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs its zone, {value!r} has none")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the stored instant, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


SQLITE_INSTANT_FORMAT = "%Y-%m-%d %H:%M:%S.%f"
"""How SQLAlchemy writes a DateTime into SQLite; bulk paths that bypass it must write the same."""
