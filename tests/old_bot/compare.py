"""Old bot's files compared value by value, with storage classes, by nothing but sqlite3."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.old_bot.schema import TABLES


def rows_of(path: Path, table: str) -> Counter[tuple[Any, ...]]:
    """Return every row of a table, each value with its storage class."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        columns = [row[1].decode() for row in connection.execute(f"PRAGMA table_info({table})")]
        listed = ", ".join(f'typeof("{name}"), "{name}"' for name in columns)
        return Counter(connection.execute(f"SELECT {listed} FROM {table}").fetchall())


def schema_of(path: Path) -> dict[str, str]:
    """Return the statements that made a file, by name."""
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def assert_same_files(left: Path, right: Path) -> None:
    """Fail unless both files hold the same schema and the same rows."""
    assert schema_of(left) == schema_of(right)
    for table in (*TABLES, "alembic_version"):
        first, second = rows_of(left, table), rows_of(right, table)
        assert first == second, (table, list(first - second)[:3], list(second - first)[:3])
