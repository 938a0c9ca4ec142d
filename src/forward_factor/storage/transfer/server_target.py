"""A PostgreSQL or TimescaleDB store as the target of a move: rows in by COPY, proved by the server's own digests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from forward_factor.storage.capabilities import Capabilities
from forward_factor.storage.copy_format import SIGNATURE, TRAILER
from forward_factor.storage.transfer import ledger, server_sql
from forward_factor.storage.transfer.catalogue import NEW_UNIQUE, TableSpec
from forward_factor.storage.transfer.ledger import Done, Run
from forward_factor.storage.transfer.sqlite_source import refuse
from forward_factor.storage.transfer.values import Batch, EncodedRows, Refused
from forward_factor.storage.transfer.wire import encode, sum_of, wrapped

Refusals = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)
"""What a server raises for a row it cannot hold, as against a fault of its own."""
_FETCH = 2000
_LONGEST_REASON = 200


@dataclass(slots=True)
class ServerTarget:
    """An open target.

    Attributes:
        connection: rows go this way.
        finisher: another one, on which a loaded table is finished while the next one loads.
        is_fresh: whether nothing was in the target when this pass began.
        conflicts: by table, the columns of its primary key.

    """

    connection: asyncpg.Connection
    finisher: asyncpg.Connection
    capabilities: Capabilities
    run: Run
    is_fresh: bool
    conflicts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keeps_originals: bool = True
    is_legacy: bool = False
    identity: str = ""

    async def fetch(self, statement: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Run a statement on the connection that rows go by."""
        rows: Sequence[Sequence[Any]] = await self.connection.fetch(statement, *values)
        return rows

    async def run_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each of ``rows``."""
        await self.connection.executemany(statement, rows)

    def encode(self, batch: Batch) -> EncodedRows:
        """Return rows as this target takes them, and their digests."""
        return encode(batch)

    def unfit(self, batch: Batch) -> dict[int, str]:
        """Return nothing: what a server cannot hold it says itself."""
        del batch
        return {}

    async def missing_users(self, ids: Sequence[str]) -> set[str]:
        """Return which of ``ids`` no user here has."""
        found = await self.connection.fetch("SELECT id FROM users WHERE id = ANY($1)", list(ids))
        return set(ids) - {row[0] for row in found}

    async def write(self, batch: Batch, encoded: EncodedRows, source_digest: str) -> tuple[Batch, Done]:
        """Write a range and its entry in the ledger, in one transaction; return what was held of it."""
        async with self.connection.transaction():
            if not self.is_fresh:
                await ledger.forget_range(self, self.run, batch.table, str(batch.place))
                await self._remove_refused(batch)
            refused = await self._load(batch, encoded, 0, len(batch))
            held = batch.without(refused)
            digests = [digest for row, digest in enumerate(encoded.digests) if row not in refused]
            done = Done(len(held), len(held.refused), sum_of(digests), source_digest)
            await ledger.write_range(self, self.run, held, done, self.keeps_originals)
        return held, done

    async def forget(self, table: TableSpec, place: str) -> None:
        """Remove a range that the source no longer has; its rows are found by the proof."""
        async with self.connection.transaction():
            await ledger.forget_range(self, self.run, table, place)

    async def delete(self, table: TableSpec, rows: Sequence[tuple[str, bytes]]) -> None:
        """Delete rows, by key and digest, that an earlier pass brought and the source no longer has."""
        labels, digests = zip(*rows, strict=True)
        async with self.connection.transaction():
            await self.connection.execute(server_sql.delete_rows(table), labels, digests)

    async def totals(self, table: TableSpec) -> tuple[int, int]:
        """Return how many rows a table really holds, and the sum of their digests."""
        return await read_totals(self.finisher, table, self.run.id)

    async def digests(self, table: TableSpec) -> AsyncIterator[tuple[bytes, bytes, str]]:
        """Yield key digest, digest and key of every row."""
        async for row in stored_digests(self.connection, table, self.run.id):
            yield row

    async def save_run(self) -> None:
        """Write the run's state."""
        async with self.connection.transaction():
            await ledger.update_run(self, self.run)

    async def _load(self, batch: Batch, encoded: EncodedRows, first: int, end: int) -> dict[int, Refused]:
        """Load some rows; where the server refuses them, halve until the one that it refuses is found."""
        if first == end:
            return {}
        try:
            async with self.connection.transaction():
                await self._send(batch.table, encoded.part(first, end))
        except Refusals as fault:
            if end - first == 1:
                reason = " ".join(str(fault).split())[:_LONGEST_REASON]
                return {first: refuse(batch.table, str(batch.places[first]), batch.row(first), reason)}
            middle = (first + end) // 2
            lower = await self._load(batch, encoded, first, middle)
            return lower | await self._load(batch, encoded, middle, end)
        return {}

    async def _send(self, table: TableSpec, encoded: EncodedRows) -> None:
        if self.is_fresh:
            await _copy(self.connection, table.name, table.names, encoded)
            return
        await self.connection.execute(server_sql.make_incoming(table))
        await _copy(self.connection, server_sql.INCOMING, table.names, encoded)
        await self._take_over(table)
        await self.connection.execute(f"DROP TABLE {server_sql.INCOMING}")

    async def _take_over(self, table: TableSpec) -> None:
        if table.name == "users":
            await self.connection.execute(server_sql.release_unique(table, ("email", "telegram_chat_id")))
        if self.capabilities.has_compression and table.name in NEW_UNIQUE:
            await self._refuse_rivals(table, NEW_UNIQUE[table.name])
        conflict = self.conflicts.get(table.name)
        statements = (server_sql.upsert(table, conflict),) if conflict else server_sql.replace_by_key(table)
        for statement in statements:
            await self.connection.execute(statement)

    async def _refuse_rivals(self, table: TableSpec, unique: Sequence[str]) -> None:
        """Refuse what TimescaleDB would let in: beside the arbiter, it checks no unique key against compressed rows.

        Measured on 2.28.3: the row goes in, and the chunk can never be decompressed again.
        """
        rival = await self.connection.fetchrow(server_sql.rivals(table, unique))
        if rival is not None:
            raise asyncpg.UniqueViolationError(f"another row has its {', '.join(unique)}")

    async def _remove_refused(self, batch: Batch) -> None:
        """Delete rows that were held before and no longer can be."""
        labels = [one.key for one in batch.refused if "\0" not in one.key and "\\u0000" not in one.key]
        if labels:
            await self.connection.execute(server_sql.delete_keys(batch.table), labels)


async def read_totals(connection: asyncpg.Connection, table: TableSpec, run_id: str) -> tuple[int, int]:
    """Return row count and digest sum of a table, without the rows of run ``run_id`` itself."""
    values = [run_id] if table.is_history else []
    count, total = await connection.fetchrow(server_sql.totals(table), *values)
    return count, wrapped(int(total))


async def stored_digests(
    connection: asyncpg.Connection, table: TableSpec, run_id: str
) -> AsyncIterator[tuple[bytes, bytes, str]]:
    """Yield key digest, digest and key of every row of a table, without the rows of run ``run_id`` itself."""
    values = [run_id] if table.is_history else []
    async with connection.transaction(readonly=True):
        async for key, digest, label in connection.cursor(server_sql.digests(table), *values, prefetch=_FETCH):
            yield key, digest, label


async def _copy(connection: asyncpg.Connection, table: str, names: Sequence[str], encoded: EncodedRows) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield SIGNATURE
        yield b"".join(encoded.rows)
        yield TRAILER

    await connection.copy_to_table(table, source=stream(), columns=list(names), format="binary")
