"""The continuous aggregates, brought up to date where their own schedule does not reach."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import stamina
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forward_factor.core.chain import NEW_YORK
from forward_factor.errors import StoreUnavailable
from forward_factor.storage.capabilities import Capabilities
from forward_factor.storage.faults import translated_faults

PATIENCE = timedelta(minutes=2)
"""TimescaleDB refuses a refresh while another one runs; another scan's or the policy's is over soon."""
SETTLED_AFTER = timedelta(hours=1)
"""Later buckets are read from the rows themselves (migrations 0002 and 0008), so they are never materialised."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A summary of the rows of ``source`` by buckets, each an hour or a day of ``zone``.

    Attributes:
        bucket: the column that says where a bucket begins.
        refreshed: the span its policy looks back on: a refresh would empty what is gone from it.
        instant: the time column of ``source``.

    """

    view: str
    source: str
    bucket: str
    refreshed: timedelta
    zone: tzinfo = UTC
    is_hourly: bool = False
    instant: str = "as_of_ts"

    def begin_of(self, instant: datetime) -> datetime:
        """Return where the bucket of an instant begins."""
        local = instant.astimezone(self.zone)
        begin = local.replace(minute=0, second=0, microsecond=0)
        return (begin if self.is_hourly else begin.replace(hour=0, fold=0)).astimezone(UTC)

    def end_of(self, instant: datetime) -> datetime:
        """Return where the bucket of an instant ends; 26 hours on, the next day is under way, however long this was."""
        begin = self.begin_of(instant)
        return begin + timedelta(hours=1) if self.is_hourly else self.begin_of(begin + timedelta(hours=26))


BARS = "ohlcv_bars"
_MONTH, _WEEK = timedelta(days=30), timedelta(days=7)
AGGREGATES = (
    Aggregate("signals_hourly", "signals", "bucket", _MONTH, is_hourly=True),
    Aggregate("signals_daily_summary", "signals", "day", _MONTH),
    Aggregate("candidates_daily", "candidates", "day", _MONTH, NEW_YORK),
    Aggregate("reasons_daily", "candidates", "day", _MONTH, NEW_YORK),
    Aggregate("term_structure_daily", "term_structure", "day", _MONTH, NEW_YORK),
    Aggregate("snapshots_daily", "option_chain_snapshots", "day", _WEEK, NEW_YORK),
    Aggregate("bars_hourly", BARS, "bucket", _MONTH, is_hourly=True, instant="timestamp"),
    Aggregate("bars_daily", BARS, "bucket", _MONTH, NEW_YORK, instant="timestamp"),
)
SCANNED = frozenset(one.source for one in AGGREGATES) - {BARS}
# Newer versions refresh ten buckets at a time, each with a plan of its own: fifty times slower over months of hours.
_TAKES_OPTIONS = "SELECT max(pronargs) > 4 FROM pg_proc WHERE proname = 'refresh_continuous_aggregate'"
_TOGETHER = """, options => CAST('{"buckets_per_batch"\\: 0}' AS jsonb)"""

_STATE = """
SELECT now() AS now,
       (SELECT min(range_start) FROM timescaledb_information.chunks
         WHERE hypertable_schema = current_schema() AND hypertable_name = :source) AS first_chunk,
       (SELECT max(now() - CAST(config ->> 'drop_after' AS interval)) FROM timescaledb_information.jobs
         WHERE hypertable_schema = current_schema() AND hypertable_name = :source
           AND proc_name = 'policy_retention') AS kept_from,
       (SELECT greatest(_timescaledb_functions.to_timestamp(_timescaledb_functions.cagg_watermark(mat_hypertable_id)),
                        TIMESTAMPTZ '1970-01-01 00:00:00Z')
          FROM _timescaledb_catalog.continuous_agg
         WHERE user_view_schema = current_schema() AND user_view_name = :view) AS watermark,
       (SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)
          FROM timescaledb_information.continuous_aggregates
         WHERE view_schema = current_schema() AND view_name = :view) AS materialized
"""


class SqlAggregates:
    """Refreshes continuous aggregates; where they are plain views there is nothing to do."""

    def __init__(self, engine: AsyncEngine, capabilities: Capabilities) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._capabilities = capabilities

    async def refresh(self, first: datetime, last: datetime) -> None:
        """Bring every bucket of what scans write from ``first`` to ``last`` up to date; see ``refresh_over``."""
        await self.refresh_over(SCANNED, first, last)

    async def refresh_bars(self, first: datetime, last: datetime) -> None:
        """Bring the hours and days that touch ``first`` to ``last`` up to date; see ``refresh_over``."""
        await self.refresh_over((BARS,), first, last)

    async def refresh_over(self, sources: Collection[str], first: datetime, last: datetime) -> None:
        """Bring every bucket over these tables that touches ``first`` to ``last`` up to date.

        Buckets whose rows a retention took, or is about to take, stay as they are: a refresh would empty them. So do
        those that are not over yet: they are not kept but read from the rows.
        """
        if not self._capabilities.has_compression:
            return
        for aggregate in AGGREGATES:
            if aggregate.source in sources:
                await self._patiently(aggregate, first, last)

    async def catch_up(self) -> None:
        """Bring aggregates up to date over all rows where they lack the first of them.

        Their policies look back a month at most, and what lies before would no longer show after their first run: so
        this follows a migration that makes an aggregate of a store with rows.
        """
        if not self._capabilities.has_compression:
            return
        for aggregate in AGGREGATES:
            with translated_faults():
                async with self._engine.connect() as connection:
                    first, last = await _unknown_span(connection, aggregate)
            if first is not None and last is not None:
                await self._patiently(aggregate, first, last)

    async def _patiently(self, aggregate: Aggregate, first: datetime, last: datetime) -> None:
        async for attempt in stamina.retry_context(on=StoreUnavailable, timeout=PATIENCE, attempts=None, wait_max=2.0):
            with attempt, translated_faults():
                async with self._engine.connect() as connection:
                    await _refresh(connection, aggregate, first, last)


async def _state(connection: AsyncConnection, aggregate: Aggregate) -> Row[Any]:
    return (await connection.execute(text(_STATE), {"source": aggregate.source, "view": aggregate.view})).one()


async def _unknown_span(connection: AsyncConnection, aggregate: Aggregate) -> tuple[datetime | None, datetime | None]:
    """Return the first and last instant of the rows if the first one's bucket is not materialised."""
    span = text(f"SELECT min({aggregate.instant}) AS first, max({aggregate.instant}) AS last FROM {aggregate.source}")
    first, last = (await connection.execute(span)).one()
    if first is None:
        return None, None
    known = f"SELECT EXISTS (SELECT 1 FROM {(await _state(connection, aggregate)).materialized} "
    known += f"WHERE {aggregate.bucket} <= :begin)"
    is_known = await connection.scalar(text(known), {"begin": aggregate.begin_of(first)})
    return (None, None) if is_known else (first, last)


async def _refresh(connection: AsyncConnection, aggregate: Aggregate, first: datetime, last: datetime) -> None:
    state = await _state(connection, aggregate)
    if state.first_chunk is None:
        return
    begin = aggregate.begin_of(first)
    end = min(aggregate.end_of(last), aggregate.begin_of(state.now - SETTLED_AFTER))
    # rows above the watermark show by themselves, those below it only once they are materialised: leave none between
    begin = min(begin, aggregate.begin_of(max(state.watermark, state.first_chunk)))
    if state.kept_from is not None or await _outlasted_rows(connection, aggregate, state):
        kept_from = max(one for one in (state.first_chunk, state.kept_from) if one is not None)
        begin = max(begin, _first_whole(aggregate, kept_from))
    if begin < end:
        together = _TOGETHER if await connection.scalar(text(_TAKES_OPTIONS)) else ""
        await connection.execute(
            text(
                f"CALL refresh_continuous_aggregate('{aggregate.view}', "
                f"CAST(:begin AS timestamptz), CAST(:end AS timestamptz){together})"
            ),
            {"begin": begin, "end": end},
        )


async def _outlasted_rows(connection: AsyncConnection, aggregate: Aggregate, state: Row[Any]) -> bool:
    """Tell whether the aggregate knows of rows that are gone."""
    older = f"SELECT EXISTS (SELECT 1 FROM {state.materialized} WHERE {aggregate.bucket} < :begin)"
    return bool(await connection.scalar(text(older), {"begin": aggregate.begin_of(state.first_chunk)}))


def _first_whole(aggregate: Aggregate, instant: datetime) -> datetime:
    begin = aggregate.begin_of(instant)
    return begin if begin == instant else aggregate.end_of(instant)
