"""The continuous aggregates over signals and bars, brought up to date where their own schedule does not reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import stamina
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.errors import StoreUnavailable
from forward_factor.storage.capabilities import Capabilities
from forward_factor.storage.faults import translated_faults

PATIENCE = timedelta(minutes=2)
"""TimescaleDB refuses a refresh while another one runs; another scan's or the policy's is over soon."""
_WHOLE_DAY = timedelta(days=1)
_FIRST_KEPT = """
SELECT greatest(
  (SELECT min(range_start) FROM timescaledb_information.chunks
    WHERE hypertable_schema = current_schema() AND hypertable_name = :table),
  (SELECT max(now() - CAST(config ->> 'drop_after' AS interval)) FROM timescaledb_information.jobs
    WHERE hypertable_schema = current_schema() AND hypertable_name = :table AND proc_name = 'policy_retention'))
"""
# Newer versions refresh ten buckets at a time, each with a plan of its own: fifty times slower over months of hours.
_TAKES_OPTIONS = "SELECT max(pronargs) > 4 FROM pg_proc WHERE proname = 'refresh_continuous_aggregate'"
_TOGETHER = """, options => CAST('{"buckets_per_batch"\\: 0}' AS jsonb)"""


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A hypertable and the aggregates over it.

    Attributes:
        margin: longer than any bucket, so that one which touches a span lies whole within the widened span.

    """

    table: str
    views: tuple[str, ...]
    margin: timedelta


SIGNALS = Aggregated("signals", ("signals_hourly", "signals_daily_summary"), _WHOLE_DAY)
BARS = Aggregated("ohlcv_bars", ("bars_hourly", "bars_daily"), timedelta(hours=26))
"""A day in New York has 25 hours when the clocks go back."""
VIEWS = (*SIGNALS.views, *BARS.views)
BY_TABLE = {one.table: one for one in (SIGNALS, BARS)}


class SqlAggregates:
    """Refreshes continuous aggregates; where they are plain views there is nothing to do."""

    def __init__(self, engine: AsyncEngine, capabilities: Capabilities) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._capabilities = capabilities

    async def refresh(self, first: datetime, last: datetime) -> None:
        """Bring every bucket of signals that touches ``first`` to ``last`` up to date.

        Buckets whose signals a retention took, or is about to take, stay as they are: a refresh would empty them.
        """
        await self.refresh_over(SIGNALS, first, last)

    async def refresh_bars(self, first: datetime, last: datetime) -> None:
        """Bring the hours and days that touch ``first`` to ``last`` up to date, as ``refresh`` does."""
        await self.refresh_over(BARS, first, last)

    async def refresh_over(self, one: Aggregated, first: datetime, last: datetime) -> None:
        """Bring the buckets of one table's aggregates up to date; see ``refresh``."""
        if not self._capabilities.has_compression:
            return
        async for attempt in stamina.retry_context(on=StoreUnavailable, timeout=PATIENCE, attempts=None, wait_max=2.0):
            with attempt, translated_faults():
                await self._refresh(one, first - one.margin, last + one.margin)

    async def _refresh(self, one: Aggregated, first: datetime, last: datetime) -> None:
        async with self._engine.connect() as connection:
            first_kept = await connection.scalar(text(_FIRST_KEPT), {"table": one.table})
            if first_kept is not None and first_kept > first:
                first = first_kept
                if last < first:
                    return
                last = max(last, first + 2 * one.margin)  # room for one whole bucket
            together = _TOGETHER if await connection.scalar(text(_TAKES_OPTIONS)) else ""
            for view in one.views:
                await connection.execute(
                    text(
                        f"CALL refresh_continuous_aggregate('{view}', "
                        f"CAST(:first AS timestamptz), CAST(:last AS timestamptz){together})"
                    ),
                    {"first": first, "last": last},
                )
