"""Backup and restore of a PostgreSQL or TimescaleDB database, by the server's own programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forward_factor.errors import StorageError
from forward_factor.storage.backup import clients
from forward_factor.storage.backup.archive import BackupFile, Progress
from forward_factor.storage.backup.contents import Contents, differences, major_of, read_contents
from forward_factor.storage.capabilities import Capabilities, read_capabilities

_FOREIGN = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND n.nspname !~ '^(pg_|information_schema$|_?timescaledb)'
   AND NOT EXISTS (SELECT 1 FROM pg_depend d
                    WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
 ORDER BY 1
"""
_OFFERED = "SELECT version FROM pg_available_extension_versions WHERE name = 'timescaledb'"
_NO_OTHER_WAY = "`forward-factor db copy` moves between kinds of store"


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[tuple[str, Contents]]:
    """Hold the database as it is now: a name that pg_dump takes for it, and what it holds."""
    one_instant = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    async with one_instant.connect() as connection:
        name = str(await connection.scalar(text("SELECT pg_export_snapshot()")))
        yield name, await connection.run_sync(read_contents)


async def restore_server(engine: AsyncEngine, backup: BackupFile, progress: Progress) -> Contents:
    """Restore ``backup`` into the empty database of ``engine`` and return what is in it then.

    Raises:
        StorageError: the database does not suit, is not empty, or the restore failed; nothing is left of it then.

    """
    expected = backup.manifest.contents
    async with engine.connect() as connection:
        can = await connection.run_sync(read_capabilities)
        require_suitable(expected, can, [str(one) for one in await connection.scalars(text(_OFFERED))])
        leftover = await connection.run_sync(_require_empty)
    client = clients.find_client(major_of(can.version), backup.manifest.client)
    if leftover:
        await _execute(engine, "DROP TABLE alembic_version")
    async with _prepared(engine, expected, can):
        with backup.payload() as (source, size):
            await clients.restore(client, engine.url, source, size, progress)
        return await _verified(engine, expected)


def require_suitable(expected: Contents, can: Capabilities, offered: list[str]) -> None:
    """Raise StorageError, with what to do, unless the server can hold what was backed up.

    Args:
        expected: what was backed up.
        can: what the target can do.
        offered: versions of TimescaleDB the target's server could install.

    """
    if major_of(can.version) < expected.major:
        raise StorageError(
            f"the backup is of PostgreSQL {expected.version}, this server is older ({can.version}): use a newer one"
        )
    if expected.timescale is None:
        if can.timescale:
            raise StorageError(
                "the backup is of PostgreSQL without TimescaleDB, this database has the extension: "
                f"drop it there (DROP EXTENSION timescaledb) or use another database; {_NO_OTHER_WAY}"
            )
        return
    if can.timescale_available is None and not can.timescale:
        raise StorageError(
            f"the backup is of TimescaleDB {expected.timescale}, this server has no TimescaleDB: "
            f"restore on one that has; {_NO_OTHER_WAY}"
        )
    if expected.timescale not in ([can.timescale] if can.timescale else offered):
        raise StorageError(
            f"the backup is of TimescaleDB {expected.timescale}, this server has "
            f"{can.timescale or can.timescale_available}: restore where that version is, and update the extension then"
        )


def _require_empty(connection: Connection) -> bool:
    """Return whether an empty version table is all there is, as `db downgrade base` leaves it."""
    found = list(connection.scalars(text(_FOREIGN)))
    if found == ["alembic_version"] and not connection.scalar(text("SELECT count(*) FROM alembic_version")):
        return True
    if found:
        raise StorageError(
            f"the database is not empty (it has {found[0]} and {len(found) - 1} more), and nothing is overwritten: "
            "restore into a new database"
        )
    return False


@asynccontextmanager
async def _prepared(engine: AsyncEngine, expected: Contents, can: Capabilities) -> AsyncIterator[None]:
    """Hold TimescaleDB as its restore needs it; take back what was prepared if the restore fails."""
    if expected.timescale is None:
        yield
        return
    if not can.timescale:
        await _execute(engine, f"CREATE EXTENSION timescaledb VERSION '{expected.timescale}'")
    try:
        await _require_edition(engine, expected)
        await _execute(engine, "SELECT timescaledb_pre_restore()")
        try:
            yield
        finally:
            await _execute(engine, "SELECT timescaledb_post_restore()")
    except BaseException:
        if not can.timescale and not await _holds_tables(engine):
            await _execute(engine, "DROP EXTENSION timescaledb")
        raise


async def _require_edition(engine: AsyncEngine, expected: Contents) -> None:
    async with engine.connect() as connection:
        edition = (await connection.run_sync(read_capabilities)).edition
    if expected.edition == "timescale" != edition:
        raise StorageError(
            f"the backup is of TimescaleDB's community edition, this server runs the {edition} edition: "
            "set timescaledb.license = 'timescale' there"
        )


async def _holds_tables(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return bool((await connection.scalars(text(_FOREIGN))).all())


async def _verified(engine: AsyncEngine, expected: Contents) -> Contents:
    """Compare before TimescaleDB's jobs run again; leave retention off, or it would delete old history tonight."""
    async with engine.begin() as connection:
        if expected.timescale:
            await connection.execute(text("SET LOCAL timescaledb.restoring = 'off'"))
            await _disarm(connection, expected)
        found = await connection.run_sync(read_contents)
    differing = list(differences(expected, found))
    if differing:
        raise StorageError(
            f"what was restored is not what was backed up: {'; '.join(differing)}; "
            "drop this database, and restore into a new one"
        )
    return found


async def _disarm(connection: AsyncConnection, expected: Contents) -> None:
    for relation in expected.retention:
        await connection.execute(text("SELECT remove_retention_policy(CAST(:name AS regclass))"), {"name": relation})


async def _execute(engine: AsyncEngine, statement: str) -> None:
    """Run a statement in a session of its own: TimescaleDB reads its state when a session begins."""
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
