"""A SQLite file as the target of a move: a store of ours, or a file that the old bot opens as its own.

The old bot's schema has no room for a ledger, so that lies in a file beside it (``FILE.transfer``), attached; SQLite
commits both at once. It may be deleted once no further pass is wanted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from forward_factor.storage.transfer import ledger
from forward_factor.storage.transfer.catalogue import Kind, TableSpec
from forward_factor.storage.transfer.ledger import Done, Run
from forward_factor.storage.transfer.pacing import FIRST_FETCH, MOST_ROWS, next_fetch
from forward_factor.storage.transfer.render import Row, raw_digests, sqlite_rows, with_originals
from forward_factor.storage.transfer.sqlite_source import refuse
from forward_factor.storage.transfer.values import (
    FIRST_DAY,
    FIRST_INSTANT,
    LAST_DAY,
    LAST_INSTANT,
    Batch,
    EncodedRows,
    Raw,
    Refused,
)
from forward_factor.storage.transfer.wire import sum_of
from forward_factor.storage.types import SQLITE_INSTANT_FORMAT

RESTORED = "restored"
"""Where the ledger has the rows that came back from quarantine."""
_UNIQUE = {"users": ("email", "telegram_chat_id"), "signals": ("dedupe_key",)}
_MOST_BOUND = 900
_LIMITS: dict[Kind, tuple[tuple[float, float], str]] = {
    Kind.NUMBER: ((-np.inf, np.inf), "not a number"),
    Kind.INSTANT: ((FIRST_INSTANT, LAST_INSTANT), "an instant outside the years 1 to 9999"),
    Kind.DAY: ((FIRST_DAY, LAST_DAY), "a day outside the years 1 to 9999"),
}


@dataclass(slots=True)
class SqliteTarget:
    """An open target.

    Attributes:
        sparse_instants: by table, instants that have a fraction only where it is not zero (the old bot's file).
        originals: by table and key, spellings that come back (the old bot's file).

    """

    connection: sqlite3.Connection
    run: Run
    is_fresh: bool
    is_legacy: bool
    conflicts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sparse_instants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    identity: str = ""

    @property
    def keeps_originals(self) -> bool:
        """Return whether spellings are kept in the ledger; the old bot's file has them in its rows."""
        return not self.is_legacy

    async def fetch(self, statement: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Run a statement."""
        return self.connection.execute(_numbered(statement), [_bound(one) for one in values]).fetchall()

    async def run_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each of ``rows``."""
        self.connection.executemany(_numbered(statement), rows)

    def encode(self, batch: Batch) -> EncodedRows:
        """Return rows as this target takes them, and their digests."""
        if not len(batch):
            return EncodedRows([], [])
        sparse = self.sparse_instants.get(batch.table.name, frozenset())
        rows = sqlite_rows(batch, sparse)
        if self.is_legacy:
            for row, originals in batch.originals.items():
                rows[row] = with_originals(batch.table, rows[row], originals, sparse_instants=sparse)
        return EncodedRows(rows, raw_digests(rows))

    def unfit(self, batch: Batch) -> dict[int, str]:
        """Return, by row, what SQLite has no value for: NaN, and instants beyond the calendar."""
        reasons: dict[int, str] = {}
        for spec, values in zip(batch.table.columns, batch.columns, strict=True):
            if values.numbers is None or spec.kind not in _LIMITS:
                continue
            limits, reason = _LIMITS[spec.kind]
            is_unfit = ~((values.numbers >= limits[0]) & (values.numbers <= limits[1]))
            reasons |= dict.fromkeys(np.flatnonzero(is_unfit).tolist(), f"{reason} ({spec.name})")
        return reasons

    async def missing_users(self, ids: Sequence[str]) -> set[str]:
        """Return which of ``ids`` no user here has."""
        found: set[str] = set()
        for first in range(0, len(ids), _MOST_BOUND):
            some = list(ids[first : first + _MOST_BOUND])
            marks = ", ".join("?" for _ in some)
            found |= {row[0] for row in self.connection.execute(f"SELECT id FROM users WHERE id IN ({marks})", some)}
        return set(ids) - found

    async def write(self, batch: Batch, encoded: EncodedRows, source_digest: str) -> tuple[Batch, Done]:
        """Write a range and its entry in the ledger, in one transaction; return what was held of it."""
        with self.transaction():
            if not self.is_fresh:
                await ledger.forget_range(self, self.run, batch.table, str(batch.place))
                self._delete(batch.table, [one.key for one in batch.refused])
            refused = self._load(batch, encoded.rows)
            held = batch.without(refused)
            digests = [digest for row, digest in enumerate(encoded.digests) if row not in refused]
            done = Done(len(held), len(held.refused), sum_of(digests), source_digest)
            await ledger.write_range(self, self.run, held, done, self.keeps_originals)
        return held, done

    async def write_verbatim(self, table: TableSpec, rows: Sequence[Mapping[str, Raw]]) -> tuple[Done, list[str]]:
        """Write rows that were in quarantine back as they were, with an entry in the ledger.

        Returns:
            The entry, and the keys of rows that could not go back: by now others have those keys.

        """
        written: list[Row] = []
        taken: list[str] = []
        with self.transaction():
            await ledger.forget_range(self, self.run, table, RESTORED)
            for row in (tuple(one.get(name) for name in table.names) for one in rows):
                try:
                    self.connection.execute(_insert_verbatim(table, row), row)
                    written.append(row)
                except sqlite3.IntegrityError:
                    if self._holds(table, row):
                        written.append(row)
                    else:
                        taken.append(refuse(table, "", row, "").key)
            done = Done(len(written), 0, sum_of(raw_digests(written)), "")
            await ledger.write_range(self, self.run, Batch(table, RESTORED, (), ()), done, originals=False)
        return done, taken

    async def forget(self, table: TableSpec, place: str) -> None:
        """Remove a range that the source no longer has; its rows are found by the proof."""
        with self.transaction():
            await ledger.forget_range(self, self.run, table, place)

    async def delete(self, table: TableSpec, rows: Sequence[tuple[str, bytes]]) -> None:
        """Delete rows, by key and digest, that an earlier pass brought and the source no longer has."""
        where = " AND ".join(f'"{name}" IS ?' for name in table.key)
        select = f'SELECT rowid, {_listed(table.names)} FROM "{table.name}" WHERE {where}'
        with self.transaction():
            for label, digest in rows:
                for place, *row in self.connection.execute(select, json.loads(label)).fetchall():
                    if raw_digests([tuple(row)]) == [digest]:
                        self.connection.execute(f'DELETE FROM "{table.name}" WHERE rowid = ?', (place,))

    async def totals(self, table: TableSpec) -> tuple[int, int]:
        """Return how many rows a table really holds, and the sum of their digests."""
        return read_totals(self.connection, table, self.run.id)

    async def digests(self, table: TableSpec) -> AsyncIterator[tuple[bytes, bytes, str]]:
        """Yield key digest, digest and key of every row."""
        for row in stored_digests(self.connection, table, self.run.id):
            yield row

    async def save_run(self) -> None:
        """Write the run's state."""
        with self.transaction():
            await ledger.update_run(self, self.run)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin, and commit or take back."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def _load(self, batch: Batch, rows: Sequence[Row]) -> dict[int, Refused]:
        """Load rows; where the store refuses them, take them one by one to see which."""
        statement = self._statement(batch.table)
        self._replace_unkeyed(batch)
        self._release_unique(batch.table, rows)
        self.connection.execute("SAVEPOINT rows")
        try:
            self.connection.executemany(statement, rows)
        except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError):
            self.connection.execute("ROLLBACK TO rows")
            return self._load_one_by_one(batch, statement, rows)
        finally:
            self.connection.execute("RELEASE rows")
        return {}

    def _load_one_by_one(self, batch: Batch, statement: str, rows: Sequence[Row]) -> dict[int, Refused]:
        refused = {}
        for number, row in enumerate(rows):
            try:
                self.connection.execute(statement, row)
            except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError) as fault:
                refused[number] = refuse(batch.table, str(batch.places[number]), batch.row(number), str(fault))
        return refused

    def _holds(self, table: TableSpec, row: Row) -> bool:
        where = " AND ".join(f'"{name}" IS {mark}' for name, mark in zip(table.names, _marks(row), strict=True))
        return bool(self.connection.execute(f'SELECT 1 FROM "{table.name}" WHERE {where}', row).fetchone())

    def _replace_unkeyed(self, batch: Batch) -> None:
        if not self.is_fresh and batch.table.name not in self.conflicts:
            self._delete_rows(batch.table, sqlite_rows(batch))

    def _release_unique(self, table: TableSpec, rows: Sequence[Row]) -> None:
        """Empty unique columns of rows about to change, so that two may swap theirs."""
        unique = () if self.is_fresh else _UNIQUE.get(table.name, ())
        for name in unique:
            place, key = table.names.index(name), table.names.index(table.key[0])
            self.connection.executemany(
                f'UPDATE "{table.name}" SET "{name}" = NULL WHERE "{table.key[0]}" = ? AND "{name}" IS NOT ?',
                [(row[key], row[place]) for row in rows],
            )

    def _statement(self, table: TableSpec) -> str:
        marks = ", ".join("?" for _ in table.names)
        insert = f'INSERT INTO "{table.name}" ({_listed(table.names)}) VALUES ({marks})'
        conflict = self.conflicts.get(table.name)
        if self.is_fresh or not conflict:
            return insert
        changed = [f'"{name}" = excluded."{name}"' for name in table.names if name not in conflict]
        doing = f"UPDATE SET {', '.join(changed)}" if changed else "NOTHING"
        return f"{insert} ON CONFLICT ({_listed(conflict)}) DO {doing}"

    def _delete(self, table: TableSpec, labels: Iterable[str]) -> None:
        where = " AND ".join(f'"{name}" IS ?' for name in table.key)
        keys = [json.loads(label) for label in labels]
        self.connection.executemany(f'DELETE FROM "{table.name}" WHERE {where}', keys)

    def _delete_rows(self, table: TableSpec, rows: Sequence[Row]) -> None:
        places = [table.names.index(name) for name in table.key]
        where = " AND ".join(f'"{name}" IS ?' for name in table.key)
        keys = [[row[place] for place in places] for row in rows]
        self.connection.executemany(f'DELETE FROM "{table.name}" WHERE {where}', keys)


def read_totals(connection: sqlite3.Connection, table: TableSpec, run_id: str) -> tuple[int, int]:
    """Return row count and digest sum of a table, without the rows of run ``run_id`` itself."""
    cursor = connection.execute(*_select(table, run_id))
    count, total = 0, 0
    for rows in _in_parts(cursor):
        count += len(rows)
        total += sum_of(raw_digests(rows))
    return count, total % 2**64


def stored_digests(connection: sqlite3.Connection, table: TableSpec, run_id: str) -> Iterator[tuple[bytes, bytes, str]]:
    """Yield key digest, digest and key of every row of a table, without the rows of run ``run_id`` itself."""
    places = [table.names.index(name) for name in table.key]
    cursor = connection.execute(*_select(table, run_id))
    for rows in _in_parts(cursor):
        keys = [tuple(row[place] for place in places) for row in rows]
        labels = [json.dumps(key, ensure_ascii=False, default=bytes.hex) for key in keys]
        yield from zip(raw_digests(keys), raw_digests(rows), labels, strict=True)


def _in_parts(cursor: sqlite3.Cursor) -> Iterator[list[Row]]:
    wanted = FIRST_FETCH
    while rows := cursor.fetchmany(wanted):
        yield rows
        size = sum(len(value) if isinstance(value, str | bytes | bytearray) else 8 for row in rows for value in row)
        wanted = next_fetch(len(rows), size, MOST_ROWS)


def _select(table: TableSpec, run_id: str) -> tuple[str, tuple[str, ...]]:
    where, values = (" WHERE run_id <> ?", (run_id,)) if table.is_history else ("", ())
    return f'SELECT {_listed(table.names)} FROM "{table.name}"{where}', values


def _insert_verbatim(table: TableSpec, row: Row) -> str:
    """Return the statement that writes ``row`` as it is."""
    return f'INSERT INTO "{table.name}" ({_listed(table.names)}) VALUES ({", ".join(_marks(row))})'


def _marks(row: Row) -> list[str]:
    """Return a mark for each value; a bytearray is a text that is not UTF-8."""
    return ["CAST(? AS TEXT)" if isinstance(value, bytearray) else "?" for value in row]


def _numbered(statement: str) -> str:
    return statement.replace("$", "?")


def _bound(value: Any) -> Any:
    return value.strftime(SQLITE_INSTANT_FORMAT) if isinstance(value, datetime) else value


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
