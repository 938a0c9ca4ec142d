"""Backups of each store: what comes back is what was there, and nothing is touched by what is no sound backup."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from forward_factor.errors import InvalidBackup, SchemaMismatch, StorageError
from forward_factor.storage.backup import clients
from forward_factor.storage.backup.archive import CHUNK, Manifest, open_backup, write_backup
from forward_factor.storage.backup.run import backup_store, restore_store
from forward_factor.storage.store import Store, downgrade_store, open_store, read_store_status, upgrade_store
from tests.chains import AS_OF
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.scanning import NOW, dear_chain, execute, fetch, rows_by_table, scan
from tests.servers.postgres import client_programs
from tests.servers.sql import run_sql
from tests.servers.store import StoreServer

TIMESCALE = {"timescale_wasm", "timescale_native"}


def silent(_step: str, _done: int, _total: int | None) -> None:
    """Show no progress."""


def skip_wasm(server: StoreServer) -> StoreServer:
    if server.name == "timescale_wasm":
        pytest.skip("TimescaleDB in WebAssembly holds one transaction at a time; pg_dump reads in another's snapshot")
    return server


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the embedded server's own programs on the path."""
    monkeypatch.setenv("PATH", f"{client_programs()}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def server(store_server: StoreServer) -> StoreServer:
    """Each store that can be backed up."""
    return skip_wasm(store_server)


@pytest.fixture
def filled(server: StoreServer) -> str:
    """A store with scans of some days, and decisions."""
    return server.cloned_url("newest", build)


@pytest.fixture
async def opened(filled: str) -> Store:
    async with open_store(filled, POOL) as store:
        await scan(store, [dear_chain(as_of=AS_OF - timedelta(days=days)) for days in (40, 10, 0)])
        await execute(
            store,
            "INSERT INTO users (id, email) VALUES ('u1', 'ü@example.org')",
            "INSERT INTO signal_user_decisions (id, signal_id, user_id) SELECT 'd-' || id, id, 'u1' FROM signals",
        )
        return store


@pytest.fixture
async def backup(filled: str, opened: Store, tmp_path: Path) -> Path:
    """A backup of it."""
    path = tmp_path / "made.backup"
    await backup_store(filled, POOL, path, NOW, silent)
    return path


async def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, in an order of their own."""
    async with open_store(url, POOL) as store:
        return {
            name: sorted(await fetch(store, f"SELECT * FROM {name}"), key=repr) for name in await rows_by_table(store)
        }


def is_untouched(server: StoreServer, url: str) -> bool:
    """Return whether the target is as empty as it was made."""
    if server.name == "sqlite":
        path = Path(url.removeprefix("sqlite+aiosqlite:///"))
        return not list(path.parent.glob(f"{path.name}*"))
    run_sql(url, "CREATE TABLE signals (x int)", "DROP TABLE signals")
    return True


def remade(path: Path, backup: Path, payload: bytes | None = None, **changed: object) -> Path:
    """Write the backup anew, soundly sealed, with another manifest or payload."""
    known = open_backup(backup, silent)
    contents = msgspec.structs.replace(known.manifest.contents, **changed)
    manifest: Manifest = msgspec.structs.replace(known.manifest, contents=contents)
    with known.payload() as (source, _), write_backup(path, manifest) as sink:
        if payload is not None:
            sink.write(payload)
        else:
            shutil.copyfileobj(source, sink, CHUNK)
    return path


async def test_what_comes_back_is_what_was_there(server: StoreServer, filled: str, opened: Store, backup: Path) -> None:
    target = server.new_url()
    made, found = await restore_store(target, POOL, backup, silent)
    assert found == made.contents
    assert found.rows["option_quotes"] > 0
    assert await everything(target) == await everything(filled)
    before, after = await read_store_status(filled, POOL), await read_store_status(target, POOL)
    assert (after.level, after.capabilities, after.policies) == (before.level, before.capabilities, before.policies)
    assert bool(after.policies) == (server.name in TIMESCALE)
    async with open_store(target, POOL) as store:
        assert (await scan(store, [dear_chain()])).snapshots == 0
        assert (await scan(store, [dear_chain("NEW")])).snapshots == 1


async def test_compressed_chunks_and_aggregates_come_back(timescale_store: StoreServer, tmp_path: Path) -> None:
    skip_wasm(timescale_store)
    url, target = timescale_store.cloned_url("newest", build), timescale_store.new_url()
    run_sql(target, "DROP EXTENSION timescaledb")
    async with open_store(url, POOL) as store:
        await scan(store, [dear_chain(as_of=AS_OF - timedelta(days=days)) for days in (400, 40, 0)])
        await execute(store, *(f"SELECT compress_chunk(c) FROM show_chunks('{name}') c" for name in TABLES))
        await execute(store, "SELECT add_retention_policy('ohlcv_bars', INTERVAL '10 days')")
        daily = await fetch(store, "SELECT * FROM signals_daily_summary ORDER BY 1, 2")
    await backup_store(url, POOL, tmp_path / "b", NOW, silent)
    made, found = await restore_store(target, POOL, tmp_path / "b", silent)
    assert (made.contents.retention, found.retention) == (("ohlcv_bars",), ())
    assert await everything(target) == await everything(url)
    status = await read_store_status(target, POOL)
    assert all(one.chunks == one.compressed_chunks for one in status.hypertables)
    async with open_store(target, POOL) as store:
        assert await fetch(store, "SELECT * FROM signals_daily_summary ORDER BY 1, 2") == daily
        for (job,) in await fetch(store, "SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000"):
            await execute(store, f"CALL run_job({job})")


TABLES = ("signals", "option_quotes", "option_chain_snapshots", "candidates", "term_structure")


async def test_a_file_or_store_that_exists_is_never_overwritten(
    server: StoreServer, filled: str, opened: Store, backup: Path
) -> None:
    kept = backup.read_bytes()
    with pytest.raises(StorageError, match="exists, and nothing is overwritten"):
        await backup_store(filled, POOL, backup, NOW, silent)
    assert backup.read_bytes() == kept
    before = await everything(filled)
    with pytest.raises(StorageError, match="nothing is overwritten"):
        await restore_store(filled, POOL, backup, silent)
    assert await everything(filled) == before


async def test_no_damaged_file_is_restored(server: StoreServer, backup: Path, tmp_path: Path) -> None:
    target, damaged = server.new_url(), tmp_path / "damaged"
    for wrong in broken(backup.read_bytes()):
        damaged.write_bytes(wrong)
        with pytest.raises(InvalidBackup):
            await restore_store(target, POOL, damaged, silent)
    assert is_untouched(server, target)


def broken(whole: bytes) -> Iterator[bytes]:
    """Yield the file cut short, with one bit flipped, with more behind it, and files of others."""
    draw = random.Random(3)
    places = [*range(0, 60, 7), *(draw.randrange(len(whole)) for _ in range(25)), len(whole) - 30, len(whole) - 80]
    for place in places:
        yield whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :]
        yield whole[:place]
    yield whole[:-1]
    yield whole + b"0"
    yield b"PGDMP"
    yield b"SQLite format 3\0" * 100


async def test_a_backup_of_a_newer_schema_is_refused(server: StoreServer, backup: Path, tmp_path: Path) -> None:
    target = server.new_url()
    with pytest.raises(SchemaMismatch, match="newer Forward Factor"):
        await restore_store(target, POOL, remade(tmp_path / "newer", backup, schema="9999"), silent)
    assert is_untouched(server, target)


async def test_a_backup_of_another_kind_of_store_is_refused(server: StoreServer, backup: Path, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}" if server.name != "sqlite" else "postgresql://nobody@127.0.0.1:9/x"
    with pytest.raises(InvalidBackup, match="db copy"):
        await restore_store(other, POOL, backup, silent)
    assert not (tmp_path / "other.db").exists()


async def test_plain_and_timescale_do_not_mix(postgres_store: StoreServer, tmp_path: Path) -> None:
    skip_wasm(postgres_store)
    await backup_store(postgres_store.cloned_url("newest", build), POOL, tmp_path / "b", NOW, silent)
    is_plain = postgres_store.name == "postgresql"
    kind, version = "timescaledb", "2.0.1"
    target = postgres_store.new_url()
    with pytest.raises(StorageError, match=r"backup is of TimescaleDB 2\.0\.1"):
        await restore_store(target, POOL, remade(tmp_path / "c", tmp_path / "b", kind=kind, timescale=version), silent)
    if not is_plain:
        plain = remade(tmp_path / "d", tmp_path / "b", kind="postgresql", timescale=None)
        with pytest.raises(StorageError, match="has the extension"):
            await restore_store(target, POOL, plain, silent)
    assert is_untouched(postgres_store, target)


async def test_a_restore_that_fails_leaves_nothing(server: StoreServer, backup: Path, tmp_path: Path) -> None:
    with open_backup(backup, silent).payload() as (source, size):
        half = remade(tmp_path / "half", backup, payload=source.read(size * 2 // 3))
    target = server.new_url()
    if server.name in TIMESCALE:
        run_sql(target, "DROP EXTENSION timescaledb")
    with pytest.raises(StorageError) as failure:
        await restore_store(target, POOL, half, silent)
    assert len(str(failure.value)) < 400
    assert is_untouched(server, target)
    await restore_store(target, POOL, backup, silent)


async def test_rows_that_the_manifest_does_not_know_are_found(
    server: StoreServer, backup: Path, tmp_path: Path
) -> None:
    rows = open_backup(backup, silent).manifest.contents.rows | {"signals": 1}
    with pytest.raises(StorageError, match=r"signals \d+ rows instead of 1"):
        await restore_store(server.new_url(), POOL, remade(tmp_path / "other", backup, rows=rows), silent)


async def test_a_store_taken_down_to_nothing_can_be_restored_into(postgres_store: StoreServer, tmp_path: Path) -> None:
    skip_wasm(postgres_store)
    url, target = postgres_store.cloned_url("newest", build), postgres_store.new_url()
    await backup_store(url, POOL, tmp_path / "b", NOW, silent)
    run_sql(target, "CREATE TABLE alembic_version (version_num varchar PRIMARY KEY)")
    await restore_store(target, POOL, tmp_path / "b", silent)


async def test_a_store_of_an_older_schema_comes_back_as_it_was(
    server: StoreServer, filled: str, tmp_path: Path
) -> None:
    await downgrade_store(filled, POOL, "0002")
    await backup_store(filled, POOL, tmp_path / "b", NOW, silent)
    target = server.new_url()
    made, found = await restore_store(target, POOL, tmp_path / "b", silent)
    assert found.schema == made.contents.schema == "0002"
    assert (await upgrade_store(target, POOL)).level.is_newest


async def test_an_empty_store_has_nothing_to_back_up(server: StoreServer, tmp_path: Path) -> None:
    url = server.new_url()
    if server.name == "sqlite":
        Path(url.removeprefix("sqlite+aiosqlite:///")).touch()
    with pytest.raises(SchemaMismatch, match="nothing to back up"):
        await backup_store(url, POOL, tmp_path / "b", NOW, silent)
    assert not list(tmp_path.glob("b*"))


async def test_a_file_is_copied_as_last_committed_while_others_write(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'live.db'}"
    async with open_store(url, POOL) as store:
        await scan(store, [dear_chain()])
        with closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("DELETE FROM option_quotes")
            await backup_store(url, POOL, tmp_path / "b", NOW, silent)
            writer.execute("COMMIT")
        assert (await rows_by_table(store))["option_quotes"] == 0
    _, found = await restore_store(f"sqlite:///{tmp_path / 'back.db'}", POOL, tmp_path / "b", silent)
    assert found.rows["option_quotes"] > 0
    assert sorted(path.name for path in tmp_path.glob("back*")) == ["back.db"]


async def test_what_is_left_of_a_store_is_not_mixed_in(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'live.db'}"
    async with open_store(url, POOL):
        pass
    await backup_store(url, POOL, tmp_path / "b", NOW, silent)
    (tmp_path / "new.db-wal").write_bytes(b"old")
    with pytest.raises(StorageError, match=r"new\.db-wal exists"):
        await restore_store(f"sqlite:///{tmp_path / 'new.db'}", POOL, tmp_path / "b", silent)


async def test_a_damaged_store_is_not_backed_up(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    async with open_store(f"sqlite:///{path}", POOL) as store:
        await scan(store, [dear_chain()])
    whole = bytearray(path.read_bytes())
    whole[5 * 4096 : 9 * 4096] = bytes(4 * 4096)
    path.write_bytes(whole)
    with pytest.raises(StorageError):
        await backup_store(f"sqlite:///{path}", POOL, tmp_path / "b", NOW, silent)
    assert not list(tmp_path.glob("b*"))


async def test_without_programs_nothing_is_made(
    postgres_store: StoreServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_store.cloned_url("newest", build)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(clients, "USUAL_FOLDERS", ())
    with pytest.raises(StorageError, match=r"found on this machine: none\. Install PostgreSQL's client programs"):
        await backup_store(url, POOL, tmp_path / "b", NOW, silent)
    for name in ("pg_dump", "pg_restore"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(StorageError, match="found on this machine: 9"):
        await backup_store(url, POOL, tmp_path / "b", NOW, silent)
    assert not list(tmp_path.glob("b*"))
