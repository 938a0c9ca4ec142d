"""A SQLite file as the source of a move: a consistent copy of it is read, the file itself is never written."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

from forward_factor.errors import NotFound, SchemaMismatch, StorageError
from forward_factor.storage.schema import newest_level
from forward_factor.storage.transfer.catalogue import (
    LOCAL,
    Kind,
    TableSpec,
    legacy_catalogue,
    own_catalogue,
    require_mapped,
)
from forward_factor.storage.transfer.forms import Reading, read_column
from forward_factor.storage.transfer.instants import WHOLE_SECONDS
from forward_factor.storage.transfer.legacy import LEGACY_REVISION
from forward_factor.storage.transfer.pacing import FIRST_FETCH, MOST_BYTES, MOST_ROWS, next_fetch
from forward_factor.storage.transfer.values import Batch, Raw, Refused

_PAGES_A_STEP = -1
Row = tuple[Raw, ...]
Columns = Sequence[Sequence[Raw]]
MOST_SAMPLED = 5000
Tally = Callable[[str, Reading, Counter[str]], None]


@dataclass(slots=True)
class SqliteSource:
    """An open, consistent copy of a SQLite file.

    Attributes:
        identity: where the file is.
        level: its schema's revision.
        tables: its catalogue.
        schema: the statements that made it.
        sparse_instants: by table, the instants that are commonly spelled without the fraction of a whole second.

    """

    identity: str
    level: str
    tables: tuple[TableSpec, ...]
    schema: list[str]
    connection: sqlite3.Connection
    size: int
    sparse_instants: dict[str, frozenset[str]] = field(default_factory=dict)
    tally: Tally | None = None

    @property
    def is_legacy(self) -> bool:
        """Return whether this is the old bot's file."""
        return self.level == LEGACY_REVISION

    async def fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a query on the snapshot."""
        return self.connection.execute(statement.replace("$", "?"), values).fetchall()

    async def row_counts(self) -> dict[str, int]:
        """Return the exact number of rows of every table."""
        return {
            table.name: self.connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]
            for table in self.tables
        }

    def batches(self, table: TableSpec) -> Iterator[Batch]:
        """Yield the rows of a table in ranges; an unchanged table always gives the same ranges."""
        sparse = self.sparse_instants.get(table.name)
        for one in self._ranges(table):
            if sparse is None:
                sparse = self.sparse_instants[table.name] = _sparse_instants(table, one.columns)
            yield _read_batch(table, one, sparse, self.tally)

    def days(self, table: TableSpec) -> Counter[str]:
        """Return how many rows of a time series begin with which date, read or not."""
        return self._counted_days(table, "")

    def days_by_sample(self, table: TableSpec) -> Counter[str]:
        """Return about how many rows of a time series begin with which date, from some thousand of its rows."""
        first, last = self.connection.execute(f'SELECT min(rowid), max(rowid) FROM "{table.name}"').fetchone()
        step = (last - first) // MOST_SAMPLED if first is not None else 0
        if step < 1:
            return self.days(table)
        sample = ", ".join(str(place) for place in range(first, last + 1, step))
        found = self._counted_days(table, f"WHERE rowid IN ({sample})")
        return Counter({day: count * step for day, count in found.items()})

    def _counted_days(self, table: TableSpec, where: str) -> Counter[str]:
        if table.time is None:
            return Counter()
        found = self.connection.execute(
            f'SELECT substr("{table.time}", 1, 10), count(*) FROM "{table.name}" {where} GROUP BY 1'
        )
        return Counter({str(day): count for day, count in found if day is not None})

    def _ranges(self, table: TableSpec) -> Iterator[_Range]:
        rows: list[Row] = []
        parts: list[Columns] = []
        size, wanted = 0, FIRST_FETCH
        fetching = _Fetching(self.connection, table)
        while some := fetching.fetch(wanted):
            columns = list(zip(*some, strict=True))
            rows += some
            parts.append(columns)
            size += (fetched := _size(table, columns))
            if len(rows) >= MOST_ROWS or size >= MOST_BYTES:
                yield _Range(rows, _joined(parts), size)
                rows, parts, size = [], [], 0
            wanted = next_fetch(len(some), fetched, MOST_ROWS - len(rows))
        if rows:
            yield _Range(rows, _joined(parts), size)


@dataclass(frozen=True, slots=True, eq=False)
class _Range:
    """Rows, each after its rowid, the same by columns, and their bytes."""

    rows: Sequence[Row]
    columns: Columns
    size: int


def _joined(parts: Sequence[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    return [tuple(chain.from_iterable(pieces)) for pieces in zip(*parts, strict=True)]


class _Fetching:
    """Reads a table in rowid order; from the first text that is not UTF-8 on, such texts come as bytearrays."""

    def __init__(self, connection: sqlite3.Connection, table: TableSpec) -> None:
        self._connection = connection
        columns = ", ".join(f'"{name}"' for name in table.names)
        self._statement = f'SELECT rowid, {columns} FROM "{table.name}" WHERE rowid > ? ORDER BY rowid'
        self._last = -(2**63)
        self._is_lenient = False
        self._cursor = self._begin()

    def fetch(self, count: int) -> list[Row]:
        """Return the next rows."""
        try:
            rows = self._cursor.fetchmany(count)
        except sqlite3.OperationalError as fault:
            if self._is_lenient or "decode" not in str(fault):
                raise
            self._is_lenient = True
            self._cursor = self._begin()
            return self.fetch(count)
        if rows:
            self._last = rows[-1][0]
        return rows

    def _begin(self) -> sqlite3.Cursor:
        self._connection.text_factory = text_or_bytes if self._is_lenient else str
        return self._connection.execute(self._statement, (self._last,))


def text_or_bytes(data: bytes) -> str | bytearray:
    """Return a text, as a bytearray where it is not UTF-8; for ``text_factory``."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return bytearray(data)


def check_sqlite_source(path: Path) -> None:
    """Look whether a file is one that can be moved, reading nothing but its schema.

    Raises:
        NotFound: there is no such file.
        SchemaMismatch: the file is neither the old bot's nor one of this version's.
        StorageError: the file is damaged, or no database.

    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    with _named_faults(path), closing(_connect_to_read(path)) as connection:
        _catalogue_of(connection)


@asynccontextmanager
async def open_sqlite_source(path: Path, *, legacy_only: bool = False) -> AsyncIterator[SqliteSource]:
    """Copy ``path`` by SQLite's backup, which other connections may write beside, and open the copy.

    Args:
        path: the file; it is opened read-only.
        legacy_only: read only what the old bot's schema has room for.

    Raises:
        NotFound, SchemaMismatch: as ``check_sqlite_source``.
        StorageError: the file is damaged, or there is no room for the copy.

    """
    check_sqlite_source(path)
    with tempfile.TemporaryDirectory(prefix="forward-factor-") as folder, _named_faults(path):
        copy = Path(folder) / "snapshot.db"
        await asyncio.to_thread(_back_up, path, copy)
        with closing(_connect_to_read(copy)) as connection:
            source = _opened(connection, path, copy.stat().st_size)
            if legacy_only:
                source.tables = legacy_catalogue()
            yield source


@contextmanager
def _named_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as fault:
        raise StorageError(f"{path}: {fault}") from fault


def _connect_to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=60, check_same_thread=False)


def _read_batch(table: TableSpec, one: _Range, sparse: frozenset[str], tally: Tally | None = None) -> Batch:
    """Return a range as a batch: what our stores can hold, and what they cannot."""
    places, *raw = one.columns
    readings = [
        read_column(spec, column, always_full=spec.name not in sparse)
        for spec, column in zip(table.columns, raw, strict=True)
    ]
    if tally:
        for spec, reading, column in zip(table.columns, readings, raw, strict=True):
            tally(spec.name, reading, reading.forms(column))
    batch = Batch(
        table,
        place=str(places[0]),
        columns=tuple(reading.values for reading in readings),
        places=places,  # type: ignore[arg-type]
        raw=one.rows,
        originals=_originals(table, readings, raw),
        size=one.size,
    )
    return batch.without(_refused(table, readings, one.rows))


def refuse(table: TableSpec, place: str, row: Row, reason: str) -> Refused:
    """Return a row (without its rowid) as one that is refused."""
    key = [_readable(row[table.names.index(name)]) for name in table.key]
    return Refused(place, json.dumps(key, ensure_ascii=False), reason, row)


def _refused(table: TableSpec, readings: Sequence[Reading], rows: Sequence[Row]) -> dict[int, Refused]:
    reasons: dict[int, str] = {}
    for reading in readings:
        for row, reason in reading.refused.items():
            reasons[row] = f"{reasons[row]}; {reason}" if row in reasons else reason
    return {row: refuse(table, str(rows[row][0]), rows[row][1:], reason) for row, reason in reasons.items()}


def _originals(
    table: TableSpec, readings: Sequence[Reading], raw: Sequence[Sequence[Raw]]
) -> dict[int, dict[str, Raw]]:
    found: dict[int, dict[str, Raw]] = {}
    for spec, reading, column in zip(table.columns, readings, raw, strict=True):
        for row in reading.originals:
            found.setdefault(row, {})[spec.name] = column[row]
    return found


def _sparse_instants(table: TableSpec, columns: Columns) -> frozenset[str]:
    """Return the instants of which most whole seconds are spelled without a fraction."""
    found = set()
    for spec, column in zip(table.columns, columns[1:], strict=True):
        if spec.kind is Kind.INSTANT:
            texts = [text for text in column if isinstance(text, str)]
            bare = sum(len(text) == WHOLE_SECONDS for text in texts)
            if 2 * bare > bare + sum(text.endswith(".000000") for text in texts):
                found.add(spec.name)
    return frozenset(found)


def _size(table: TableSpec, columns: Columns) -> int:
    """Return the bytes of some rows, about."""
    size = 0
    for spec, column in zip(table.columns, columns[1:], strict=True):
        try:
            size += 8 * len(column) if spec.width else sum(map(len, column))  # type: ignore[arg-type]
        except TypeError:  # something is missing, or a number
            size += sum(len(text) for text in column if isinstance(text, str | bytes | bytearray))
    return size


def _readable(value: Raw) -> object:
    return value.hex() if isinstance(value, bytes | bytearray) else value


def _back_up(path: Path, copy: Path) -> None:
    with closing(_connect_to_read(path)) as source, closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, pages=_PAGES_A_STEP)


def _opened(connection: sqlite3.Connection, path: Path, size: int) -> SqliteSource:
    level, tables = _catalogue_of(connection)
    schema = [
        str(sql) for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    ]
    return SqliteSource(path.resolve().as_uri(), level, tables, schema, connection, size)


def _catalogue_of(connection: sqlite3.Connection) -> tuple[str, tuple[TableSpec, ...]]:
    """Return level and tables of a file, having seen that there is nothing else in it."""
    found = _columns(connection)
    level = _level(connection, found)
    tables = legacy_catalogue() if level == LEGACY_REVISION else own_catalogue()
    found.pop("alembic_version", None)
    if level != LEGACY_REVISION:
        for name in LOCAL:
            found.pop(name, None)
    require_mapped(tables, found)
    return level, tables


def _columns(connection: sqlite3.Connection) -> dict[str, list[str]]:
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    ]
    quoted = {name: name.replace('"', '""') for name in names}
    return {name: [row[1] for row in connection.execute(f'PRAGMA table_xinfo("{quoted[name]}")')] for name in names}


def _level(connection: sqlite3.Connection, found: dict[str, list[str]]) -> str:
    if "alembic_version" not in found:
        raise SchemaMismatch("the source has no schema level: it is neither the old bot's file nor a store of ours")
    levels = [str(level) for (level,) in connection.execute("SELECT version_num FROM alembic_version")]
    if levels == [LEGACY_REVISION] or levels == [newest_level()]:
        return levels[0]
    raise SchemaMismatch(
        f"the source's schema is at {ascii(', '.join(levels))[:60]}; the old bot's is {LEGACY_REVISION}, "
        f"this version's is {newest_level()}: bring the source there with `db upgrade`, or use the version it is of"
    )
