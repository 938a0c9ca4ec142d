"""The continuous aggregates over signals, brought up to date where their own schedule does not reach."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.storage.capabilities import Capabilities
from forward_factor.storage.faults import translated_faults

VIEWS = ("signals_hourly", "signals_daily_summary")
_WHOLE_DAY = timedelta(days=1)


class SqlAggregates:
    """Refreshes continuous aggregates; where they are plain views there is nothing to do."""

    def __init__(self, engine: AsyncEngine, capabilities: Capabilities) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._capabilities = capabilities

    async def refresh(self, first: datetime, last: datetime) -> None:
        """Bring every bucket that touches ``first`` to ``last`` up to date."""
        if not self._capabilities.has_compression:
            return
        with translated_faults():
            async with self._engine.connect() as connection:
                for view in VIEWS:
                    await connection.execute(
                        text(f"CALL refresh_continuous_aggregate('{view}', :first, :last)"),
                        {"first": first - _WHOLE_DAY, "last": last + _WHOLE_DAY},
                    )
