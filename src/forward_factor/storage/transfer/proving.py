"""The proof: both sides digested row by row, and where sums differ, the keys that do."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

from forward_factor.storage.faults import translated_faults
from forward_factor.storage.transfer import ledger
from forward_factor.storage.transfer.catalogue import TableSpec
from forward_factor.storage.transfer.left_behind import values_left_behind
from forward_factor.storage.transfer.reading import Reading, quarantined_rows, rare_collection
from forward_factor.storage.transfer.render import raw_digests, verbatim
from forward_factor.storage.transfer.report import Difference, Progress, TableReport, TransferReport
from forward_factor.storage.transfer.sources import Source, open_source, parse_pair
from forward_factor.storage.transfer.sqlite_source import refuse
from forward_factor.storage.transfer.sqlite_target import SqliteTarget
from forward_factor.storage.transfer.targets import Target, open_existing_target, target_is_legacy
from forward_factor.storage.transfer.values import Batch, EncodedRows, Values
from forward_factor.storage.transfer.wire import sum_of, wrapped

MOST_LISTED = 100


async def verify_databases(source_url: str, target_url: str, progress: Progress) -> TransferReport:
    """Prove a copy anew: every row of both stores is read; nothing is written.

    Raises:
        ForwardFactorError: in one line, why there is nothing to compare.

    """
    started = time.perf_counter()
    source_at, target_at = parse_pair(source_url, target_url)
    progress.step("snapshot")
    with translated_faults():
        is_legacy = await target_is_legacy(target_at)
        async with (
            open_source(source_at, legacy_only=is_legacy) as source,
            open_existing_target(target_at, source) as target,
        ):
            report = TransferReport(source.identity, target.identity)
            progress.step("verify", sum((await source.row_counts()).values()))
            with rare_collection(source):
                for table in source.tables:
                    report.tables[table.name] = await _verify_table(source, target, table, progress)
            report.left_behind = await values_left_behind(source)
    elapsed = time.perf_counter() - started
    report.conclude(elapsed, elapsed)
    return report


async def _verify_table(source: Source, target: Target, table: TableSpec, progress: Progress) -> TableReport:
    report = TableReport()
    expected = _Expected(source, target, table)
    total = 0
    async for batch, digests, quarantined in expected.ranges():
        report.source += batch.rows_read
        report.quarantined += quarantined
        report.copied += len(digests)
        total += sum_of(digests)
        progress.advance(batch.rows_read, batch.size)
    restored = await expected.restored()
    report.restored = len(restored)
    wanted = (report.copied + len(restored), wrapped(total + sum_of(restored)))
    actual = await target.totals(table)
    report.target = actual[0]
    report.match = actual == wanted and not expected.unaccounted
    if not report.match:
        listed = [Difference("missing", key) for key in expected.unaccounted]
        report.differences = (listed + await find_differences(source, target, table))[:MOST_LISTED]
    return report


async def find_differences(source: Source, target: Target, table: TableSpec) -> list[Difference]:
    """Return the first rows that are missing in the target, extra there, or changed."""
    async with _compared(source, target, table) as rows:
        return [Difference(kind, key) for kind, key in rows.execute(_DIFFERENCES, (MOST_LISTED,))]


async def find_leftovers(source: Source, target: Target, table: TableSpec) -> list[tuple[str, bytes]]:
    """Return key and digest of every row of the target that the source does not hold, or not like that."""
    async with _compared(source, target, table) as rows:
        return rows.execute(_LEFTOVERS).fetchall()


@asynccontextmanager
async def _compared(source: Source, target: Target, table: TableSpec) -> AsyncIterator[sqlite3.Connection]:
    """Put both sides side by side, by way of a file, not of memory."""
    with tempfile.TemporaryDirectory(prefix="forward-factor-") as folder, closing(_rows_file(Path(folder))) as rows:
        expected = _Expected(source, target, table)
        async for batch, digests, _ in expected.ranges():
            rows.executemany("INSERT INTO expected VALUES (?, ?, ?)", _keyed(target, batch, digests))
        for row in await quarantined_rows(source, table) if expected.restores else []:
            values = tuple(row.get(name) for name in table.names)
            key = tuple(row.get(name) for name in table.key)
            pair = raw_digests([key])[0], raw_digests([values])[0]
            rows.execute("INSERT INTO expected VALUES (?, ?, ?)", (*pair, ledger.row_key(key)))
        async for stored in target.digests(table):
            rows.execute("INSERT INTO stored VALUES (?, ?, ?)", stored)
        yield rows


_LEFTOVERS = """
SELECT label, digest FROM stored s
 WHERE NOT EXISTS (SELECT 1 FROM expected e WHERE e.key = s.key AND e.digest = s.digest)
"""
_DIFFERENCES = """
SELECT 'missing', label FROM expected e WHERE NOT EXISTS (SELECT 1 FROM stored s WHERE s.key = e.key)
UNION ALL
SELECT 'changed', label FROM expected e WHERE EXISTS (SELECT 1 FROM stored s WHERE s.key = e.key)
   AND NOT EXISTS (SELECT 1 FROM stored s WHERE s.key = e.key AND s.digest = e.digest)
UNION ALL
SELECT 'extra', label FROM stored s WHERE NOT EXISTS (SELECT 1 FROM expected e WHERE e.key = s.key)
UNION ALL
SELECT 'repeated', label FROM stored s GROUP BY s.key
HAVING count(*) > max(1, (SELECT count(*) FROM expected e WHERE e.key = s.key))
LIMIT ?
"""


class _Expected:
    """What the target should hold of a table, by what the source holds and the target's own quarantine."""

    def __init__(self, source: Source, target: Target, table: TableSpec) -> None:
        self._source, self._target, self._table = source, target, table
        self.unaccounted: list[str] = []
        self.restores = isinstance(target, SqliteTarget) and target.is_legacy and not source.is_legacy

    async def ranges(self) -> AsyncIterator[tuple[Batch, list[bytes], int]]:
        """Yield ranges without the rows that are in quarantine, the digests of the rest, and how many are there."""
        kept = await self._quarantine()
        reading = Reading(self._source, self._target, self._table, checks_users=False)
        async for batch, encoded in reading.batches():
            for one in batch.refused:
                if verbatim(self._table.names, one.row) not in kept.get(one.key, ()):
                    self.unaccounted.append(one.key)
            held, digests = self._held(batch, encoded, kept)
            yield held, digests, len(held.refused)

    async def restored(self) -> list[bytes]:
        """Return the digests of the rows that came back from the source's own quarantine."""
        if not self.restores:
            return []
        rows = await quarantined_rows(self._source, self._table)
        return raw_digests(tuple(row.get(name) for name in self._table.names) for row in rows)

    def _held(self, batch: Batch, encoded: EncodedRows, kept: dict[str, set[str]]) -> tuple[Batch, list[bytes]]:
        if not kept:
            return batch, encoded.digests
        refused = {}
        for row, key in enumerate(batch.row_keys()):
            label = ledger.row_key(key)
            if label in kept and verbatim(self._table.names, batch.row(row)) in kept[label]:
                refused[row] = refuse(batch.table, str(batch.places[row]), batch.row(row), "")
        digests = [digest for row, digest in enumerate(encoded.digests) if row not in refused]
        return batch.without(refused), digests

    async def _quarantine(self) -> dict[str, set[str]]:
        """Return the rows in the target's quarantine, by key."""
        kept: dict[str, set[str]] = {}
        for key, row in await self._target.fetch(
            "SELECT row_key, row_values FROM transfer_quarantine WHERE run_id = $1 AND table_name = $2",
            self._target.run.id,
            self._table.name,
        ):
            kept.setdefault(key, set()).add(row)
        return kept


def _keyed(target: Target, batch: Batch, digests: list[bytes]) -> Iterable[tuple[bytes, bytes, str]]:
    """Return key digest, digest and key of the rows of a range."""
    labels = [ledger.row_key(key) for key in batch.row_keys()]
    return zip(target.encode(_keys_only(batch)).digests, digests, labels, strict=True)


def _keys_only(batch: Batch) -> Batch:
    table = replace(batch.table, columns=tuple(batch.table.column(name) for name in batch.table.key))
    columns: tuple[Values, ...] = tuple(batch.values(name) for name in batch.table.key)
    return Batch(table, batch.place, columns, batch.places)


def _rows_file(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "rows.db", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
        "CREATE TABLE expected (key BLOB, digest BLOB, label TEXT); CREATE INDEX expected_key ON expected (key);"
        "CREATE TABLE stored (key BLOB, digest BLOB, label TEXT); CREATE INDEX stored_key ON stored (key);"
    )
    return connection
