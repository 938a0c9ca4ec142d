"""The copy: every table range by range, each proved by what the target really holds."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import URL, text

from forward_factor.errors import StorageError
from forward_factor.storage.decision_facts import fill_decision_facts
from forward_factor.storage.engine import open_engine
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.repositories.chats import SqlChatRepository
from forward_factor.storage.transfer import ledger
from forward_factor.storage.transfer.catalogue import TableSpec
from forward_factor.storage.transfer.ledger import CHANGING, Done
from forward_factor.storage.transfer.left_behind import values_left_behind
from forward_factor.storage.transfer.preparing import begin, begin_again, finish, finish_tables
from forward_factor.storage.transfer.proving import find_differences, find_leftovers
from forward_factor.storage.transfer.reading import OF_USERS, Reading, quarantined_rows, rare_collection
from forward_factor.storage.transfer.report import Progress, TableReport, TransferReport
from forward_factor.storage.transfer.sources import Source, check_source, open_source, parse_pair
from forward_factor.storage.transfer.sqlite_target import RESTORED, SqliteTarget
from forward_factor.storage.transfer.targets import Target, open_target, preparing_target
from forward_factor.storage.transfer.values import Batch, EncodedRows
from forward_factor.storage.transfer.wire import wrapped

Totals = tuple[int, int]


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
        await check_source(source_at)
        async with (
            preparing_target(target_at, is_legacy=to_legacy) as preparing,
            open_source(source_at, legacy_only=to_legacy) as source,
            open_target(target_at, source, await preparing, is_legacy=to_legacy) as target,
        ):
            report = await _Copy(source, target, progress, started).run()
            derives = source.is_legacy and not to_legacy
        if derives:
            await _derive(target_at)
    report.elapsed_s = round(time.perf_counter() - started, 3)
    return report


async def _derive(url: URL) -> None:
    """Give moved decisions their own copy of their signals' facts, and moved users their chats."""
    engine = open_engine(url)
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # without statistics a join by loops would take hours
                await connection.execute(text("SET LOCAL enable_nestloop = off"))
            await fill_decision_facts(connection)
            await SqlChatRepository(connection).adopt()
    finally:
        await engine.dispose()


@dataclass(slots=True)
class _Copy:
    """One pass.

    Attributes:
        done: by table and place, what is in the target of every range of the source.
        contested: by table, ranges of which the target refused rows, perhaps for the sake of others that have gone.
        taken: by table, keys of rows in quarantine that could not go back: by now others have those keys.

    """

    source: Source
    target: Target
    progress: Progress
    started: float
    reports: dict[str, TableReport] = field(default_factory=dict)
    done: dict[str, dict[str, Done]] = field(default_factory=dict)
    contested: dict[str, set[str]] = field(default_factory=dict)
    taken: dict[str, list[str]] = field(default_factory=dict)
    users_changed: bool = False

    async def run(self) -> TransferReport:
        report = TransferReport(self.source.identity, self.target.identity, shortfall=_shortfall(self.target))
        if self.target.is_fresh:
            await begin(self.target, self.source)
        else:
            await self._require_untouched()
            await begin_again(self.target)
        counts = await self.source.row_counts()
        self.progress.step("copy", sum(counts.values()))
        with rare_collection(self.source):
            proved_at = await (self._load_all() if self.target.is_fresh else self._change_all())
        await finish(self.target, self.source, self.progress)
        self._say_taken()
        report.tables = self.reports
        report.reasons = await self._reasons()
        report.left_behind = await values_left_behind(self.source)
        report.conclude(proved_at - self.started, time.perf_counter() - self.started)
        return report

    async def _load_all(self) -> float:
        """Load an empty target, and prove each table while the next is loaded; return when all was proved."""
        proving = _Proving(self)
        worker = asyncio.create_task(proving.work())
        try:
            for table in self.source.tables:
                await self._load(table)
                proving.loaded.put_nowait(table)
            self.progress.step("verify")
            proving.loaded.put_nowait(None)
            proved_at = await worker
        finally:
            await _ended(worker)
        for table in proving.doubtful:
            self.reports[table.name].differences = await find_differences(self.source, self.target, table)
        self.progress.step("compress and index")
        await finish_tables(self.target, self.source)
        return proved_at

    async def _change_all(self) -> float:
        """Bring a target up to date, one table after the other: users are settled before what refers to them."""
        for table in self.source.tables:
            await self._load(table)
            if not await self.prove(table):
                await self._settle(table)
        proved_at = time.perf_counter()
        await finish_tables(self.target, self.source)
        return proved_at

    async def _load(self, table: TableSpec) -> None:
        report = self.reports[table.name] = TableReport()
        before = await ledger.read_ranges(self.target, self.target.run, table)
        before.pop(RESTORED, None)
        done = self.done[table.name] = {}
        contested = self.contested[table.name] = set()
        async for batch, encoded in Reading(self.source, self.target, table).batches():
            place, digest = str(batch.place), ledger.digest_of(batch, encoded.digests)
            known = before.pop(place, None)
            if known is None or known.source_digest != digest or self._must_look_again(table):
                known = await self._write(batch, encoded, digest)
            if known.refused_count > len(batch.refused):
                contested.add(place)
            done[place] = known
            report.source += batch.rows_read
            self.progress.advance(batch.rows_read, batch.size)
        for place in before:
            await self.target.forget(table, place)
            self.users_changed |= table.name == "users"
        if contested and not self.target.is_fresh and (before or report.written):
            await self._remove_leftovers(table)
        await self._restore(table)
        self._keep_spellings()

    async def _write(self, batch: Batch, encoded: EncodedRows, digest: str) -> Done:
        held, done = await self.target.write(batch, encoded, digest)
        self.reports[batch.table.name].written += len(held)
        self.users_changed |= batch.table.name == "users"
        return done

    async def _settle(self, table: TableSpec) -> None:
        """Have a changed table end as the source is, or list what differs."""
        await self._remove_leftovers(table)
        await self._restore(table)
        if not await self.prove(table):
            self.reports[table.name].differences = await find_differences(self.source, self.target, table)

    async def _remove_leftovers(self, table: TableSpec) -> None:
        """Delete what an earlier pass brought and the source no longer has, and take in what stood behind it."""
        leftovers = await find_leftovers(self.source, self.target, table)
        if leftovers:
            await self.target.delete(table, leftovers)
            self.users_changed |= table.name == "users"
        contested = self.contested[table.name]
        if not contested:
            return
        async for batch, encoded in Reading(self.source, self.target, table).batches():
            place = str(batch.place)
            if place in contested:
                digest = ledger.digest_of(batch, encoded.digests)
                self.done[table.name][place] = await self._write(batch, encoded, digest)
        contested.clear()

    async def _restore(self, table: TableSpec) -> None:
        """Give the old bot's file back what our stores could not hold."""
        if not isinstance(self.target, SqliteTarget) or not self.target.is_legacy or self.source.is_legacy:
            return
        rows = await quarantined_rows(self.source, table)
        if rows:
            self.done[table.name][RESTORED], self.taken[table.name] = await self.target.write_verbatim(table, rows)
        else:
            await self.target.forget(table, RESTORED)

    def _say_taken(self) -> None:
        for name, taken in self.taken.items():
            if taken:
                keys = ", ".join(taken)[:200]
                self.progress.say(f"{name}: other rows have the keys of {len(taken)} in quarantine: {keys}")

    def _must_look_again(self, table: TableSpec) -> bool:
        """Return whether rows may have gone with a user, although the ledger has them."""
        return self.users_changed and table.name in OF_USERS and not self.target.is_fresh

    def _keep_spellings(self) -> None:
        if self.source.is_legacy:
            self.target.run.spellings = {name: sorted(one) for name, one in self.source.sparse_instants.items()}

    async def prove(self, table: TableSpec) -> bool:
        """Compare what the target really holds with what it should; return whether it is the same."""
        report, done = self.reports[table.name], self.done[table.name]
        actual = await self.target.totals(table)
        expected = _totals(done)
        report.restored = done[RESTORED].row_count if RESTORED in done else 0
        report.copied = expected[0] - report.restored
        report.quarantined = sum(one.refused_count for one in done.values())
        report.target, report.match = actual[0], actual == expected
        return report.match

    async def _require_untouched(self) -> None:
        """Refuse to go on where the target no longer is as the last pass left it.

        A pass that was to change the target and was cut off left it in between: then nobody can tell.
        """
        if self.target.run.state == CHANGING:
            return
        for table in self.source.tables:
            ranges = await ledger.read_ranges(self.target, self.target.run, table)
            if await self.target.totals(table) != _totals(ranges):
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
class _Proving:
    """Proves loaded tables while others load."""

    copy: _Copy
    loaded: asyncio.Queue[TableSpec | None] = field(default_factory=asyncio.Queue)
    doubtful: list[TableSpec] = field(default_factory=list)

    async def work(self) -> float:
        """Prove tables as they come, until there is none; return when the last was proved."""
        while (table := await self.loaded.get()) is not None:
            if not await self.copy.prove(table):
                self.doubtful.append(table)
        return time.perf_counter()


def _shortfall(target: Target) -> str | None:
    """Return what a server lacks against the full TimescaleDB; a file was asked for as one."""
    return None if isinstance(target, SqliteTarget) else target.capabilities.shortfall


def _totals(done: Mapping[str, Done]) -> Totals:
    """Return rows and digest sum of all ranges together."""
    return sum(one.row_count for one in done.values()), wrapped(sum(one.digest_sum for one in done.values()))


async def _ended(task: asyncio.Task[float]) -> None:
    """Cancel a task that still runs, and look at how it ended, lest asyncio complain that nobody did."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
