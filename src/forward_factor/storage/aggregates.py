"""The continuous aggregates over signals, brought up to date where their own schedule does not reach."""

from __future__ import annotations

from datetime import datetime, timedelta

import stamina
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.errors import StoreUnavailable
from forward_factor.storage.capabilities import Capabilities
from forward_factor.storage.faults import translated_faults

VIEWS = ("signals_hourly", "signals_daily_summary")
PATIENCE = timedelta(minutes=2)
"""TimescaleDB refuses a refresh while another one runs; another scan's or the policy's is over soon."""
_WHOLE_DAY = timedelta(days=1)
_FIRST_KEPT = """
SELECT greatest(
  (SELECT min(range_start) FROM timescaledb_information.chunks
    WHERE hypertable_schema = current_schema() AND hypertable_name = 'signals'),
  (SELECT max(now() - CAST(config ->> 'drop_after' AS interval)) FROM timescaledb_information.jobs
    WHERE hypertable_schema = current_schema() AND hypertable_name = 'signals' AND proc_name = 'policy_retention'))
"""


class SqlAggregates:
    """Refreshes continuous aggregates; where they are plain views there is nothing to do."""

    def __init__(self, engine: AsyncEngine, capabilities: Capabilities) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._capabilities = capabilities

    async def refresh(self, first: datetime, last: datetime) -> None:
        """Bring every bucket that touches ``first`` to ``last`` up to date.

        Buckets whose signals a retention took, or is about to take, stay as they are: a refresh would empty them.
        """
        if not self._capabilities.has_compression:
            return
        async for attempt in stamina.retry_context(on=StoreUnavailable, timeout=PATIENCE, attempts=None, wait_max=2.0):
            with attempt, translated_faults():
                await self._refresh(first - _WHOLE_DAY, last + _WHOLE_DAY)

    async def _refresh(self, first: datetime, last: datetime) -> None:
        async with self._engine.connect() as connection:
            first_kept = await connection.scalar(text(_FIRST_KEPT))
            if first_kept is not None and first_kept > first:
                first = first_kept
                if last < first:
                    return
                last = max(last, first + 2 * _WHOLE_DAY)  # room for one whole bucket
            for view in VIEWS:
                await connection.execute(
                    text(
                        f"CALL refresh_continuous_aggregate('{view}', "
                        "CAST(:first AS timestamptz), CAST(:last AS timestamptz))"
                    ),
                    {"first": first, "last": last},
                )
