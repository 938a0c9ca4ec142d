"""What a server puts aside while it is loaded, and gets back: keys, indexes, chunk intervals, jobs, aggregates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from forward_factor.storage.aggregates import AGGREGATES
from forward_factor.storage.capabilities import Capabilities
from forward_factor.storage.transfer import server_sql
from forward_factor.storage.transfer.catalogue import TableSpec, own_catalogue
from forward_factor.storage.transfer.chunks import chunk_days
from forward_factor.storage.transfer.ledger import Run

Suspended = dict[str, Any]


@dataclass(slots=True)
class Finishing:
    """Gives a loaded server back what was put aside."""

    connection: asyncpg.Connection
    capabilities: Capabilities
    run: Run

    async def suspend(self, tables: Sequence[TableSpec], days: Mapping[str, Mapping[str, int]]) -> None:
        """Put aside what slows a load; to be called in the transaction that begins the run.

        Args:
            tables: the tables about to be loaded.
            days: by table, rows by day, for tables whose chunks may need another interval.

        """
        suspended: Suspended = {"keys": {}, "indexes": {}, "intervals": {}, "jobs": await self._pause_jobs()}
        names = [table.name for table in tables]
        series = {table.name for table in tables if table.time}
        loaded = [*names, *(["signal_keys"] if "signal_keys" not in names else [])]
        for table, name, is_key, is_unique, definition in await self.connection.fetch(server_sql.SUSPENDABLE, loaded):
            if is_key and (table in series or table == "signal_keys"):
                await self.connection.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
                suspended["keys"].setdefault(table, []).append([name, definition])
            elif not is_unique:
                await self.connection.execute(f'DROP INDEX "{name}"')
                suspended["indexes"].setdefault(table, []).append([name, definition])
        if self.capabilities.has_hypertables:
            suspended["intervals"] = await self._set_intervals(days)
        self.run.suspended = suspended

    async def pause_again(self) -> None:
        """Pause the jobs for another pass, unless the last one left them paused."""
        self.run.suspended = {"jobs": await self._pause_jobs()} | self.run.suspended

    async def restore_all_keys(self) -> None:
        """Give every table its primary key back."""
        for table in own_catalogue():
            await self.restore_keys(table.name)

    async def restore_keys(self, table: str) -> None:
        """Give a table its primary key back."""
        for name, definition in self._put_aside("keys", table):
            if not await self._exists(name):
                await self.connection.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')

    async def restore_indexes(self, table: str) -> None:
        """Give a table its indexes back."""
        for name, definition in self._put_aside("indexes", table):
            if not await self._exists(name):
                await self.connection.execute(definition)

    async def compress(self, table: TableSpec) -> None:
        """Compress the chunks that the table's policy would compress, one transaction each."""
        if not self.capabilities.has_compression or table.time is None:
            return
        after = {row[0]: row[1] for row in await self.connection.fetch(server_sql.COMPRESS_AFTER)}
        if table.name not in after:
            return
        for (chunk,) in await self.connection.fetch(server_sql.CHUNKS, table.name, after[table.name]):
            await self.connection.execute("SELECT compress_chunk($1::text::regclass, if_not_compressed => true)", chunk)

    async def fill_signal_keys(self) -> None:
        """Have ``signal_keys`` hold the key of every moved signal."""
        async with self.connection.transaction():
            for statement in server_sql.fill_signal_keys():
                await self.connection.execute(statement)
        await self.restore_keys("signal_keys")
        await self.restore_indexes("signal_keys")

    async def refresh_aggregates(self) -> None:
        """Bring the aggregates up to date over all of the history: their policies would never look so far back."""
        if self.capabilities.has_compression:
            for one in AGGREGATES:
                await self.connection.execute(
                    f"CALL refresh_continuous_aggregate('{one.view}', NULL, now() - INTERVAL '1 hour')"
                )

    async def analyze(self, table: str) -> None:
        """Have the planner know a table that was just loaded."""
        await self.connection.execute(f'ANALYZE "{table}"')

    async def resume(self) -> None:
        """Give back whatever is still put aside; safe to be called again."""
        for table in own_catalogue():
            await self.restore_keys(table.name)
            await self.restore_indexes(table.name)
        for table_name, span in self.run.suspended.get("intervals", {}).items():
            await self.connection.execute(
                "SELECT set_chunk_time_interval($1::text::regclass, $2::text::interval)", table_name, span
            )
        for job in self.run.suspended.get("jobs", []):
            await self.connection.execute(
                "SELECT alter_job($1, scheduled => true) FROM timescaledb_information.jobs WHERE job_id = $1", job
            )
        self.run.suspended = {}

    def _put_aside(self, kind: str, table: str) -> list[list[str]]:
        found: list[list[str]] = self.run.suspended.get(kind, {}).get(table, [])
        return found

    async def _exists(self, name: str) -> bool:
        return bool(await self.connection.fetchval("SELECT to_regclass(quote_ident($1)) IS NOT NULL", name))

    async def _pause_jobs(self) -> list[int]:
        if not self.capabilities.has_compression:
            return []
        jobs = [row[0] for row in await self.connection.fetch(server_sql.JOBS)]
        for job in jobs:
            await self.connection.execute("SELECT alter_job($1, scheduled => false)", job)
        return jobs

    async def _set_intervals(self, days: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
        before: dict[str, str] = {}
        for name, span in await self.connection.fetch(server_sql.INTERVALS, list(days)):
            wanted = chunk_days(days[name])
            if wanted is not None:
                before[name] = span
                await self.connection.execute(
                    "SELECT set_chunk_time_interval($1::text::regclass, make_interval(days => $2))", name, wanted
                )
        return before
