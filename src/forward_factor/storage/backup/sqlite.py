"""Backup and restore of a SQLite file: a consistent copy of a live one, checked before it counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from forward_factor.errors import InvalidBackup, StorageError
from forward_factor.storage.backup.archive import CHUNK, Progress, refuse_existing
from forward_factor.storage.backup.contents import Contents, differences, read_contents
from forward_factor.storage.engine import SQLITE_BUSY_SECONDS, open_engine

PAGES_A_STEP = 4096


def copy_live(source: Path, target: Path, progress: Progress) -> None:
    """Copy a file that others may be writing, as it was at one instant, and check the copy.

    Raises:
        StorageError: the file or its copy is damaged, or cannot be read or written.

    """
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with (
        _translated(f"{source} cannot be copied to {target.parent}"),
        closing(sqlite3.connect(uri, uri=True, timeout=SQLITE_BUSY_SECONDS, isolation_level=None)) as reader,
        closing(sqlite3.connect(target)) as writer,
    ):
        reader.execute("BEGIN")
        (page_size,) = reader.execute("PRAGMA page_size").fetchone()
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the instant; without it a writer restarts us

        def told(_status: int, remaining: int, total: int) -> None:
            progress("copying", (total - remaining) * page_size, total * page_size)

        reader.backup(writer, pages=PAGES_A_STEP, progress=told)
    check_integrity(target, source)


def check_integrity(path: Path, named: Path) -> None:
    """Raise StorageError unless SQLite finds the file at ``path`` whole; ``named`` is what the message calls it."""
    with _translated(str(named)), closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StorageError(f"{named} is damaged: {found}")


async def read_file_contents(path: Path) -> Contents:
    """Return what the SQLite file at ``path`` holds."""
    engine = open_engine(URL.create("sqlite+aiosqlite", database=str(path)))
    try:
        async with engine.execution_options(reads_only=True).connect() as connection:
            return await connection.run_sync(read_contents)
    finally:
        await engine.dispose()


def pack(file: Path, sink: IO[bytes], progress: Progress) -> None:
    """Write a file into a backup."""
    size = file.stat().st_size
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            sink.write(chunk)
            progress("packing", source.tell(), size)


def unpack(source: IO[bytes], size: int, file: Path, progress: Progress) -> None:
    """Write the store of a backup into a new file."""
    with file.open("xb") as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)
            progress("restoring", target.tell(), size)


async def check_restored(file: Path, expected: Contents, named: Path) -> Contents:
    """Return what ``file`` holds.

    Raises:
        InvalidBackup: it is not what the backup says.

    """
    check_integrity(file, named)
    found = await read_file_contents(file)
    differing = list(differences(expected, found))
    if differing:
        raise InvalidBackup(f"{named} does not hold what it says: {'; '.join(differing)}; nothing was restored")
    return found


def refuse_leftovers(path: Path) -> None:
    """Raise StorageError if a store, or what is left of one, is at ``path``: SQLite would mix the two."""
    refuse_existing(path)
    for suffix in ("-wal", "-journal"):
        refuse_existing(Path(f"{path}{suffix}"))


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        raise StorageError(f"{what}: {fault}") from fault
