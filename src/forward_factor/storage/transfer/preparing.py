"""Before the first row and after the last: what a target puts aside for the load, and what follows from moved rows."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from forward_factor.errors import StoreUnavailable
from forward_factor.storage.transfer import ledger
from forward_factor.storage.transfer.catalogue import TableSpec
from forward_factor.storage.transfer.ledger import CHANGING, DONE
from forward_factor.storage.transfer.legacy import LEGACY_REVISION
from forward_factor.storage.transfer.reading import read_ancestor
from forward_factor.storage.transfer.report import Progress
from forward_factor.storage.transfer.server_finish import Finishing
from forward_factor.storage.transfer.server_target import ServerTarget
from forward_factor.storage.transfer.sources import Source
from forward_factor.storage.transfer.sqlite_source import SqliteSource
from forward_factor.storage.transfer.sqlite_target import SqliteTarget
from forward_factor.storage.transfer.targets import Target

_FILL_SIGNAL_KEYS = """
DELETE FROM signal_keys WHERE NOT EXISTS (
    SELECT 1 FROM signals s WHERE s.id = signal_keys.signal_id AND s.as_of_ts = signal_keys.as_of_ts
       AND s.dedupe_key = signal_keys.dedupe_key);
INSERT INTO signal_keys (dedupe_key, signal_id, as_of_ts)
SELECT dedupe_key, id, as_of_ts FROM signals WHERE dedupe_key IS NOT NULL ORDER BY as_of_ts, id
ON CONFLICT DO NOTHING;
"""


async def begin(target: Target, source: Source) -> None:
    """Begin the first pass: the run and whatever it needs or puts aside, in one transaction."""
    if isinstance(target, SqliteTarget):
        await _begin_sqlite(target, source)
        return
    days = {
        table.name: source.days_by_sample(table)
        for table in source.tables
        if isinstance(source, SqliteSource) and table.time is not None
    }
    async with target.connection.transaction():
        await ledger.begin_run(target, target.run)
        await _finishing(target, on_main=True).suspend(source.tables, days)
        await ledger.update_run(target, target.run)


async def begin_again(target: Target) -> None:
    """Go on with an earlier pass: keys first, for rows are now found by them; jobs stay paused."""
    if isinstance(target, ServerTarget):
        finishing = _finishing(target, on_main=True)
        await finishing.restore_all_keys()
        async with target.connection.transaction():
            await finishing.pause_again()
            target.run.state = CHANGING
            await ledger.update_run(target, target.run)
        return
    target.run.state = CHANGING
    await target.save_run()


async def finish_tables(target: Target, source: Source) -> None:
    """Do what follows from tables that are proved, two things at a time: keys, compression, indexes; derived rows."""
    if not isinstance(target, ServerTarget):
        return
    waiting = list(reversed(source.tables))

    async def work(finishing: Finishing) -> None:
        while waiting:
            await _finish_table(finishing, waiting.pop())

    on_finisher, on_main = _finishing(target), _finishing(target, on_main=True)
    await _all_of(work(on_finisher), work(on_main))
    derived = [on_main.refresh_aggregates()]
    if source.is_legacy:
        derived.append(on_finisher.fill_signal_keys())
    await _all_of(*derived)


async def _all_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run works side by side to their ends, and raise what the first of them raised."""
    for ended in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended


async def _finish_table(finishing: Finishing, table: TableSpec) -> None:
    await finishing.restore_keys(table.name)
    await finishing.compress(table)
    await finishing.restore_indexes(table.name)
    await finishing.analyze(table.name)


async def finish(target: Target, source: Source, progress: Progress) -> None:
    """End a pass: derived rows that need several tables, everything put aside given back, the run done."""
    progress.step("finish")
    if isinstance(target, ServerTarget):
        await _finishing(target).resume()
    elif target.is_legacy:
        for statement in _statements(target.run.source_schema, unique=False):
            if not target.connection.execute("SELECT 1 FROM sqlite_master WHERE sql = ?", (statement,)).fetchone():
                target.connection.execute(statement)
    elif source.is_legacy:
        with target.transaction():
            for statement in _FILL_SIGNAL_KEYS.split(";"):
                target.connection.execute(statement)
    target.run.state = DONE
    await target.save_run()


async def _begin_sqlite(target: SqliteTarget, source: Source) -> None:
    if not target.is_legacy:
        with target.transaction():
            await _require_first(target)
            await ledger.begin_run(target, target.run)
        return
    ancestor = await read_ancestor(source)
    target.sparse_instants = ancestor.spellings
    target.run.spellings = {name: sorted(columns) for name, columns in ancestor.spellings.items()}
    target.run.source_schema = ancestor.schema
    with target.transaction():
        await _require_first(target)
        for statement in _statements(ancestor.schema, unique=True):
            target.connection.execute(statement)
        target.connection.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (LEGACY_REVISION,))
        await ledger.begin_run(target, target.run)


async def _require_first(target: SqliteTarget) -> None:
    """Refuse to begin where another process has begun since this one looked."""
    if await ledger.read_run(target) is not None:
        raise StoreUnavailable("another copy into this target is under way: wait until it has ended")


def _statements(schema: list[str], *, unique: bool) -> list[str]:
    """Return the tables and unique indexes of a schema, or what can be made when the rows are there."""
    first = ("CREATE TABLE", "CREATE UNIQUE INDEX")
    return [one for one in schema if one.upper().startswith(first) is unique]


def _finishing(target: ServerTarget, *, on_main: bool = False) -> Finishing:
    connection = target.connection if on_main else target.finisher
    return Finishing(connection, target.capabilities, target.run)
