"""The copy: every table range by range, each proved by what the target really holds."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import URL, text

from forward_factor.errors import StorageError
from forward_factor.storage.decision_facts import fill_decision_facts
from forward_factor.storage.engine import open_engine
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.transfer import ledger
from forward_factor.storage.transfer.catalogue import TableSpec
from forward_factor.storage.transfer.ledger import Done
from forward_factor.storage.transfer.opening import Source, Target, open_source, open_target, parse_pair
from forward_factor.storage.transfer.preparing import begin, begin_again, finish, finish_table
from forward_factor.storage.transfer.proving import MOST_LISTED, find_differences
from forward_factor.storage.transfer.reading import OF_USERS, Reading, quarantined_rows, without_collector
from forward_factor.storage.transfer.report import Progress, TableReport, TransferReport
from forward_factor.storage.transfer.server_source import ServerSource
from forward_factor.storage.transfer.sqlite_target import SqliteTarget

Totals = tuple[int, int]
_WRAP = 1 << 64
_PROVE, _FINISH, _END = range(3)
"""What comes first."""


async def copy_database(source_url: str, target_url: str, progress: Progress, *, to_legacy: bool) -> TransferReport:
    """Copy a store into another, finish an earlier pass, or carry over what has changed since; and prove it.

    Args:
        source_url: the store to read; it is never written.
        target_url: an empty store, or one that holds an earlier pass of the same copy.
        progress: is told how far the move is.
        to_legacy: write the old bot's schema.

    Raises:
        ForwardFactorError: in one line, why nothing (more) was copied.

    """
    started = time.perf_counter()
    source_at, target_at = parse_pair(source_url, target_url)
    progress.step("snapshot")
    with translated_faults():
        async with (
            open_source(source_at, legacy_only=to_legacy, report=lambda _done, _all: None) as source,
            open_target(target_at, source, is_legacy=to_legacy) as target,
        ):
            report = await _Copy(source, target, progress, started).run()
            derives = source.is_legacy and not to_legacy
        if derives:
            await _fill_facts(target_at)
    report.elapsed_s = round(time.perf_counter() - started, 3)
    return report


async def _fill_facts(url: URL) -> None:
    """Give moved decisions their own copy of their signals' facts."""
    engine = open_engine(url)
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # without statistics a join by loops would take hours
                await connection.execute(text("SET LOCAL enable_nestloop = off"))
            await fill_decision_facts(connection)
    finally:
        await engine.dispose()


@dataclass(slots=True)
class _Copy:
    source: Source
    target: Target
    progress: Progress
    started: float
    reports: dict[str, TableReport] = field(default_factory=dict)
    expected: dict[str, Totals] = field(default_factory=dict)
    users_changed: bool = False

    async def run(self) -> TransferReport:
        report = TransferReport(self.source.identity, self.target.run.source)
        if self.target.is_fresh:
            await begin(self.target, self.source)
        else:
            await self._require_untouched()
            await begin_again(self.target)
        proved_s = await self._carry_over()
        await finish(self.target, self.source, self.progress)
        report.tables = self.reports
        report.reasons = await self._reasons()
        if isinstance(self.source, ServerSource):
            report.left_behind = await self.source.columns_left_behind()
        report.conclude(proved_s, time.perf_counter() - self.started)
        return report

    async def _carry_over(self) -> float:
        """Load and prove all tables; return the seconds since the start when the last was proved."""
        counts = await self.source.row_counts()
        self.progress.step("copy", sum(counts.values()))
        finishing = _Finishing(self)
        worker = asyncio.create_task(finishing.work())
        try:
            with without_collector():
                for table in self.source.tables:
                    await self._load(table)
                    finishing.loaded(table)
            finishing.close()
            self.progress.step("verify")
            await worker
            await finishing.resolve()
        finally:
            worker.cancel()
        return finishing.proved_at - self.started

    async def _load(self, table: TableSpec) -> None:
        report = self.reports[table.name] = TableReport()
        before = await ledger.read_ranges(self.target, self.target.run, table)
        count, total = 0, 0
        async for batch, encoded in Reading(self.source, self.target, table).batches():
            digest = ledger.digest_of(batch, encoded.digests)
            done = before.pop(str(batch.place), None)
            if done is None or done.source_digest != digest or self._must_look_again(table):
                held, done = await self.target.write(batch, encoded, digest)
                report.written += len(held)
                self.users_changed |= table.name == "users"
            report.source += batch.rows_read
            report.quarantined += done.refused_count
            count, total = count + done.row_count, total + done.digest_sum
            self.progress.advance(batch.rows_read, batch.size)
        for place in before:
            await self.target.forget(table, place)
            self.users_changed |= table.name == "users"
        report.copied = count
        restored = await self._restore(table)
        report.restored = restored.row_count
        self.expected[table.name] = (count + restored.row_count, (total + restored.digest_sum) % _WRAP)
        self._keep_spellings()

    async def _restore(self, table: TableSpec) -> Done:
        """Give the old bot's file back what our stores could not hold."""
        if not isinstance(self.target, SqliteTarget) or not self.target.is_legacy or self.source.is_legacy:
            return Done(0, 0, 0, "")
        rows = await quarantined_rows(self.source, table)
        if not rows:
            return Done(0, 0, 0, "")
        done, taken = await self.target.write_verbatim(table, rows)
        if taken:
            self.progress.say(
                f"{table.name}: other rows have the keys of {len(taken)} in quarantine: {', '.join(taken)[:200]}"
            )
        return done

    def _must_look_again(self, table: TableSpec) -> bool:
        """Return whether rows may have gone with a user, although the ledger has them."""
        return self.users_changed and table.name in OF_USERS and not self.target.is_fresh

    def _keep_spellings(self) -> None:
        if self.source.is_legacy:
            self.target.run.spellings = {name: sorted(one) for name, one in self.source.sparse_instants.items()}

    async def prove(self, table: TableSpec) -> bool:
        """Compare what the target really holds with what it should; return whether it is the same."""
        report = self.reports[table.name]
        actual = await self.target.totals(table)
        report.target, report.match = actual[0], actual == self.expected[table.name]
        return report.match

    async def resolve(self, table: TableSpec) -> None:
        """Delete what an earlier pass brought and the source no longer has; list what differs then."""
        found = await find_differences(self.source, self.target, table, most=None)
        extra = [] if self.target.is_fresh else [one.key for one in found if one.kind == "extra"]
        if extra:
            await self.target.delete(table, extra)
        if not extra or not await self.prove(table):
            self.reports[table.name].differences = [one for one in found if one.key not in extra][:MOST_LISTED]

    async def _require_untouched(self) -> None:
        """Refuse to go on where the target no longer is as the last pass left it."""
        for table in self.source.tables:
            ranges = await ledger.read_ranges(self.target, self.target.run, table)
            count = sum(done.row_count for done in ranges.values())
            total = sum(done.digest_sum for done in ranges.values()) % _WRAP
            if await self.target.totals(table) != (count, total):
                raise StorageError(
                    f"table {table.name} of the target has been written to since the last pass: the target is in use, "
                    "and another pass would undo that. Copy into an empty target, or back from this one"
                )

    async def _reasons(self) -> dict[str, int]:
        rows = await self.target.fetch(
            "SELECT reason, count(*) FROM transfer_quarantine WHERE run_id = $1 GROUP BY reason", self.target.run.id
        )
        return dict(Counter(dict(rows)).most_common())  # type: ignore[arg-type]


@dataclass(slots=True)
class _Finishing:
    """Proves and finishes loaded tables while others load; proofs go first."""

    copy: _Copy
    tasks: asyncio.PriorityQueue[tuple[int, int, str]] = field(default_factory=asyncio.PriorityQueue)
    tables: dict[str, TableSpec] = field(default_factory=dict)
    doubtful: list[TableSpec] = field(default_factory=list)
    proved_at: float = 0.0

    def loaded(self, table: TableSpec) -> None:
        self.tables[table.name] = table
        self.tasks.put_nowait((_PROVE, len(self.tables), table.name))

    def close(self) -> None:
        self.tasks.put_nowait((_END, 0, ""))

    async def work(self) -> None:
        self.proved_at = time.perf_counter()
        while (task := await self.tasks.get())[0] != _END:
            priority, number, name = task
            if priority == _PROVE:
                await self._prove(self.tables[name])
                self.tasks.put_nowait((_FINISH, number, name))
            else:
                await finish_table(self.copy.target, self.copy.source, self.tables[name])

    async def resolve(self) -> None:
        """Look at the tables that did not prove equal, when nothing else reads the source."""
        for table in self.doubtful:
            await self.copy.resolve(table)
            self.proved_at = time.perf_counter()

    async def _prove(self, table: TableSpec) -> None:
        if not await self.copy.prove(table):
            self.doubtful.append(table)
        self.proved_at = time.perf_counter()
