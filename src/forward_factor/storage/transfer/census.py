"""The plan: what is in a source, how it is spelled, and what a move will do with each oddity. Reads only."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from forward_factor.storage.faults import translated_faults
from forward_factor.storage.transfer import chunks
from forward_factor.storage.transfer.catalogue import NEW_UNIQUE, Kind, TableSpec
from forward_factor.storage.transfer.forms import Reading
from forward_factor.storage.transfer.reading import OF_USERS, ranges_of, rare_collection
from forward_factor.storage.transfer.report import Progress
from forward_factor.storage.transfer.sources import Source, open_source, parse_one, parse_pair
from forward_factor.storage.transfer.sqlite_source import SqliteSource
from forward_factor.storage.transfer.targets import look_at_target
from forward_factor.storage.transfer.values import Batch, instant_of

ROWS_A_SECOND, BYTES_A_SECOND = 60_000, 60_000_000
"""Cautious rates for the estimate; the bar of the copy shows the real one."""
_MOST_EXAMPLES = 5


@dataclass(slots=True)
class ColumnCensus:
    """How the values of one column are spelled: how many in which form, and how many are refused why."""

    kind: str
    forms: dict[str, int] = field(default_factory=dict)
    respelled: int = 0


@dataclass(slots=True)
class TableCensus:
    """One table as it is.

    Attributes:
        quarantine: rows that the target will not hold, by reason.
        examples: keys of some of them.
        kept_spellings: rows whose original spelling will be kept beside them.
        orphans: rows that refer to a row that is not there, by column; those of users go to quarantine.
        first, last: the span of a time series.
        chunk_days: the chunk interval of the load, on TimescaleDB.
        rows_by_chunk: how many rows each chunk will hold, oldest first.

    """

    rows: int = 0
    size: int = 0
    columns: dict[str, ColumnCensus] = field(default_factory=dict)
    quarantine: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    kept_spellings: int = 0
    orphans: dict[str, int] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    chunk_days: int | None = None
    rows_by_chunk: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Census:
    """What ``db plan`` found."""

    source: str
    level: str
    size: int
    target: str | None = None
    tables: dict[str, TableCensus] = field(default_factory=dict)
    estimated_s: float = 0.0
    elapsed_s: float = 0.0


async def take_census(source_url: str, target_url: str | None, progress: Progress) -> Census:
    """Read every row of a store once and say what a move would meet; with a target, what that is, too.

    Raises:
        ForwardFactorError: the store cannot be read, or is none that a move knows.

    """
    started = time.perf_counter()
    url = parse_one(source_url)
    progress.step("snapshot")
    with translated_faults(), _Seen.opened() as seen:
        target = await look_at_target(parse_pair(source_url, target_url)[1]) if target_url else None
        async with open_source(url, legacy_only=False) as source:
            census = Census(source.identity, source.level, source.size, target)
            counts = await source.row_counts()
            progress.step("census", sum(counts.values()))
            with rare_collection(source):
                for table in source.tables:
                    census.tables[table.name] = await _TableCount(source, table, seen, progress).count()
    rows = sum(table.rows for table in census.tables.values())
    size = sum(table.size for table in census.tables.values())
    census.estimated_s = round(2 + rows / ROWS_A_SECOND + size / BYTES_A_SECOND, 1)
    census.elapsed_s = round(time.perf_counter() - started, 3)
    return census


class _Seen:
    """Ids of users and signals, and keys that must be unique, in a file: a source may be of any size."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
            "CREATE TABLE ids (owner TEXT, id TEXT, PRIMARY KEY (owner, id)) WITHOUT ROWID;"
            "CREATE TABLE referred (owner TEXT, id TEXT, by TEXT, rows INTEGER, PRIMARY KEY (owner, id, by)) "
            "WITHOUT ROWID;"
        )

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[_Seen]:
        with (
            tempfile.TemporaryDirectory(prefix="forward-factor-") as folder,
            closing(sqlite3.connect(Path(folder) / "seen.db", isolation_level=None)) as connection,
        ):
            yield cls(connection)

    def note(self, owner: str, ids: list[object]) -> int:
        """Note ids of rows that will be there; return how many had been noted before."""
        before = self._connection.total_changes
        self._connection.executemany("INSERT OR IGNORE INTO ids VALUES (?, ?)", [(owner, one) for one in ids])
        return len(ids) - (self._connection.total_changes - before)

    def refer(self, owner: str, by: str, ids: Counter[object]) -> None:
        """Note ids that rows refer to."""
        self._connection.executemany(
            "INSERT INTO referred VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET rows = rows + excluded.rows",
            [(owner, one, by, count) for one, count in ids.items()],
        )

    def orphans(self, owner: str, by: str) -> int:
        """Return how many rows refer to an id that was never noted."""
        (rows,) = self._connection.execute(
            "SELECT coalesce(sum(rows), 0) FROM referred r WHERE owner = ? AND by = ? "
            "AND NOT EXISTS (SELECT 1 FROM ids i WHERE i.owner = r.owner AND i.id = r.id)",
            (owner, by),
        ).fetchone()
        return int(rows)


_NOTED = {"users": "id", "signals": "id"}
_REFERS: dict[str, tuple[tuple[str, str], ...]] = {table: ((column, "users"),) for table, column in OF_USERS.items()}
_REFERS["signal_user_decisions"] = (("user_id", "users"), ("signal_id", "signals"))


@dataclass(slots=True)
class _TableCount:
    source: Source
    table: TableSpec
    seen: _Seen
    progress: Progress
    found: TableCensus = field(default_factory=TableCensus)
    span: tuple[int, int] | None = None

    async def count(self) -> TableCensus:
        self.found.columns = {spec.name: ColumnCensus(spec.kind) for spec in self.table.columns}
        if isinstance(self.source, SqliteSource):
            self.source.tally = self._tally
            self._plan_chunks(self.source.days(self.table))
        async for batch in ranges_of(self.source, self.table):
            self._add(batch)
        self._close()
        return self.found

    def _tally(self, column: str, reading: Reading, forms: Counter[str]) -> None:
        census = self.found.columns[column]
        census.forms = dict(Counter(census.forms) + forms)
        census.respelled += len(reading.originals)

    def _add(self, batch: Batch) -> None:
        found = self.found
        found.rows += batch.rows_read
        found.size += batch.size
        found.kept_spellings += len(batch.originals)
        for one in batch.refused:
            self._quarantine(one.reason, one.key)
        self._note(batch)
        self._extend_span(batch)
        self.progress.advance(batch.rows_read, batch.size)

    def _note(self, batch: Batch) -> None:
        name = self.table.name
        if name in _NOTED:
            self.seen.note(name, list(batch.values(_NOTED[name]).listed()))
        for column, owner in _REFERS.get(name, ()):
            referred = Counter(one for one in batch.values(column).listed() if one is not None)
            self.seen.refer(owner, f"{name}.{column}", Counter[object](referred))
        if name in NEW_UNIQUE and self.source.is_legacy:
            keys = zip(*(batch.values(column).listed() for column in NEW_UNIQUE[name]), strict=True)
            repeated = self.seen.note(name, [repr(key) for key in keys if None not in key])
            if repeated:
                self._quarantine(f"another row has its {', '.join(NEW_UNIQUE[name])}", None, repeated)

    def _extend_span(self, batch: Batch) -> None:
        if self.table.time is None or not len(batch):
            return
        values = batch.values(self.table.time)
        assert values.numbers is not None
        first, last = int(values.numbers.min()), int(values.numbers.max())
        self.span = (min(first, self.span[0]), max(last, self.span[1])) if self.span else (first, last)

    def _quarantine(self, reason: str, key: str | None, rows: int = 1) -> None:
        self.found.quarantine[reason] = self.found.quarantine.get(reason, 0) + rows
        examples = self.found.examples.setdefault(reason, [])
        if key is not None and len(examples) < _MOST_EXAMPLES:
            examples.append(key)

    def _plan_chunks(self, days: Mapping[str, int]) -> None:
        self.found.chunk_days = chunks.chunk_days(days)
        if self.found.chunk_days is not None:
            self.found.rows_by_chunk = chunks.rows_by_chunk(days, self.found.chunk_days)

    def _close(self) -> None:
        for column, owner in _REFERS.get(self.table.name, ()):
            orphans = self.seen.orphans(owner, f"{self.table.name}.{column}")
            if orphans:
                self.found.orphans[column] = orphans
            if orphans and owner == "users":
                self._quarantine(f"no such user ({column})", None, orphans)
        if self.span:
            self.found.first, self.found.last = (instant_of(one).isoformat() for one in self.span)
        if self.table.column(self.table.key[0]).kind is not Kind.TEXT:
            self.found.kept_spellings = 0
