"""What state a SQLite file is in, before it is read or anything in it is changed."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from forward_factor.errors import StorageError
from forward_factor.storage.schema import SchemaLevel, newest_level, require_newest
from forward_factor.storage.tables import Base

LEDGER_SUFFIX = ".transfer"


def sqlite_level(path: Path) -> str | None:
    """Return the level of a SQLite file, None where there is no file or nothing in it."""
    if not path.is_file() or path.stat().st_size == 0:
        return None
    mode = "rw" if ledger_file(path).exists() else "ro"  # a pass that was killed is rolled back here
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=60)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                if tables:
                    raise StorageError(f"{path} is not empty: it holds tables of something else; give a new file")
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None
    except sqlite3.DatabaseError as fault:
        raise StorageError(f"{path}: {fault}") from fault


def require_upgradable(path: Path, current: str | None) -> None:
    """Refuse a file that holds rows under an older schema, or is of another program, before anything is changed."""
    level = SchemaLevel(current, newest_level())
    if level.is_newest or current is None:
        return
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=60)) as connection:
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        tables = sorted(found & set(Base.metadata.tables)) if level.is_known else []
        holds_rows = any(connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in tables)
    if holds_rows or not level.is_known:
        require_newest(level)


def ledger_file(path: Path) -> Path:
    """Return the file beside an old bot's file that says what was copied into it."""
    return path.with_name(path.name + LEDGER_SUFFIX)


def is_torn(path: Path) -> bool:
    """Return whether a file's writer was killed amid a transaction, which is still to be rolled back."""
    if not _journal(path).is_file():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=60)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as fault:
        return fault.sqlite_errorname == "SQLITE_READONLY_ROLLBACK"
    except sqlite3.DatabaseError:
        return False
    return False


@contextmanager
def settled(path: Path) -> Iterator[Path]:
    """Yield a source that can be read: the file itself, or if it is torn, a copy that is rolled back.

    SQLite would roll the file back where it is, but a source is never written.
    """
    if not is_torn(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="forward-factor-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(_journal(path), _journal(copy))
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        yield copy


def _journal(path: Path) -> Path:
    return path.with_name(path.name + "-journal")
