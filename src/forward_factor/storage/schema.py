"""The schema's level: where it is, where it should be, and the way up and down."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from filelock import AsyncFileLock
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.errors import InvalidInput, SchemaMismatch
from forward_factor.storage.engine import SQLITE_BUSY_SECONDS, is_sqlite, sqlite_path

_Change = Callable[[Connection], "SchemaLevel"]
_MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x4646_0001
"""Key of the advisory lock under which PostgreSQL schemas change; any constant of our own will do."""


@dataclass(frozen=True, slots=True)
class SchemaLevel:
    """Which migration a store is at; None for an empty store."""

    current: str | None
    newest: str

    @property
    def is_newest(self) -> bool:
        """Return whether nothing is left to upgrade."""
        return self.current == self.newest

    @property
    def is_known(self) -> bool:
        """Return whether the level is one of this version's own."""
        return self.current is None or self.current in {one.revision for one in _scripts().walk_revisions()}


def read_level(connection: Connection) -> SchemaLevel:
    """Return the level of the connected store."""
    context = MigrationContext.configure(connection)
    heads = context.get_current_heads()
    newest = _scripts().get_current_head()
    if newest is None or len(heads) > 1:
        raise SchemaMismatch(f"the schema stands at several levels at once: {', '.join(sorted(heads))}")
    return SchemaLevel(heads[0] if heads else None, newest)


def newest_level() -> str:
    """Return the level this version works with."""
    return str(_scripts().get_current_head())


async def upgrade_schema(engine: AsyncEngine) -> SchemaLevel:
    """Bring the store to the newest level; safe when several processes do it at once.

    Raises:
        SchemaMismatch: the store is of a newer or a foreign version; nothing was changed.

    """
    if not is_sqlite(engine.url):
        return await _change(engine, _upgrade)
    path = sqlite_path(engine.url)
    if path is None:
        return await _change(engine, _upgrade)
    async with AsyncFileLock(f"{path}.upgrade.lock", timeout=120):
        await asyncio.to_thread(_switch_to_wal, path)
        return await _change(engine, _upgrade)


async def downgrade_schema(engine: AsyncEngine, revision: str) -> SchemaLevel:
    """Take the store down to ``revision`` (``base`` for nothing at all, ``-1`` for one step).

    Raises:
        InvalidInput: there is no such level below the present one.

    """

    def downgrade(connection: Connection) -> SchemaLevel:
        try:
            command.downgrade(_config(connection), revision)
        except CommandError as fault:
            raise InvalidInput(f"cannot go down to {ascii(revision)[:40]}: {fault}") from fault
        return read_level(connection)

    return await _change(engine, downgrade)


def require_newest(level: SchemaLevel) -> None:
    """Raise SchemaMismatch, saying what to do, unless the store is at the newest level."""
    if not level.is_known:
        raise SchemaMismatch(
            f"the store's schema {ascii(level.current)[:40]} is not one of this version's: "
            "it is of a newer Forward Factor, or of another program"
        )
    if not level.is_newest:
        raise SchemaMismatch(
            f"the store's schema is at {level.current or 'nothing'}, this version needs {level.newest}: "
            "run `forward-factor db upgrade`"
        )


def _upgrade(connection: Connection) -> SchemaLevel:
    level = read_level(connection)
    if not level.is_known:
        require_newest(level)
    if not level.is_newest:
        command.upgrade(_config(connection), "head")
    return read_level(connection)


async def _change(engine: AsyncEngine, change: _Change) -> SchemaLevel:
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        return await connection.run_sync(change)


def _switch_to_wal(path: Path) -> None:
    """Readers and one writer side by side; the mode stays with the file, so once is enough."""
    with closing(sqlite3.connect(path, timeout=SQLITE_BUSY_SECONDS)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_MIGRATIONS))
