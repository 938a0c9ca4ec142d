"""The budget of requests that all processes share, on a server: one statement a block, by the server's own clock.

It is the generic cell rate algorithm: a row says when the next request may start, and a block moves that on by as long
as it lasts at the full rate. SQLite needs none: its one process keeps the rate by itself.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.storage.faults import translated_faults

_RESERVE = text("""
INSERT INTO provider_budgets AS budget (provider, next_free_at)
VALUES (:provider, clock_timestamp() + CAST(:lasts AS double precision) * interval '1 second')
ON CONFLICT (provider) DO UPDATE SET next_free_at =
  greatest(budget.next_free_at, clock_timestamp()) + CAST(:lasts AS double precision) * interval '1 second'
RETURNING CAST(extract(epoch FROM budget.next_free_at - clock_timestamp()) AS double precision)
""")
_HOLD = text("""
UPDATE provider_budgets SET next_free_at =
  greatest(next_free_at, clock_timestamp() + CAST(:pause AS double precision) * interval '1 second')
WHERE provider = :provider
""")


class SqlRequestBudgets:
    """Budgets in the table ``provider_budgets`` of a PostgreSQL server."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def of(self, provider: str, per_minute: float) -> SqlRequestBudget:
        """Return the budget of a provider that takes ``per_minute`` requests, evenly spaced."""
        return SqlRequestBudget(self._engine, provider, 60.0 / per_minute)


class SqlRequestBudget:
    """The requests of one provider; ``interval_s`` is the time between two of them."""

    def __init__(self, engine: AsyncEngine, provider: str, interval_s: float) -> None:
        self._engine = engine
        self._provider = provider
        self._interval_s = interval_s

    async def reserve(self, requests: int) -> float:
        """Reserve a block of requests, and return the seconds to wait before the first of them."""
        lasts = requests * self._interval_s
        with translated_faults():
            async with self._engine.connect() as connection:
                row = await connection.execute(_RESERVE, {"provider": self._provider, "lasts": lasts})
                return max(0.0, float(row.scalar_one()) - lasts)

    async def hold(self, pause_s: float) -> None:
        """Let no new block begin for ``pause_s`` seconds."""
        with translated_faults():
            async with self._engine.connect() as connection:
                await connection.execute(_HOLD, {"provider": self._provider, "pause": pause_s})
