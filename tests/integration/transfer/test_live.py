"""A source that is being written, a server that dies, a disk that is full."""

from __future__ import annotations

import asyncio
import hashlib
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from forward_factor.errors import StorageError
from forward_factor.storage.transfer.server_target import ServerTarget
from tests.integration.transfer.moving import copied, query, verified
from tests.old_bot.compare import assert_same_files
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.sql import database_of, run_sql

WRITER = """
import sqlite3, sys, time
file = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
number = 0
while True:
    number += 1
    file.execute("BEGIN IMMEDIATE")
    file.execute("INSERT INTO signals (id, ticker, as_of_ts, ff_value) VALUES (?, 'LIVE', ?, ?)",
                 (f"live-{number}", f"2026-02-01 10:{number // 60 % 60:02}:{number % 60:02}.000001", 0.1 * number))
    file.execute("UPDATE signals SET ff_value = ff_value + 1 WHERE rowid % 100 = ?", (number % 100,))
    file.execute("INSERT INTO signal_user_decisions (id, signal_id) VALUES (?, ?)", (f"d-{number}", f"live-{number}"))
    file.execute("DELETE FROM signals WHERE rowid = ?", (number,))
    file.execute("COMMIT")
    if number == 1:
        print("writing", flush=True)
    time.sleep(0.002)
"""

KILLED_WRITER = """
import os, signal, sqlite3, sys
file = sqlite3.connect(sys.argv[1])
file.execute("PRAGMA cache_size = 5")
file.execute("BEGIN")
file.execute("UPDATE signals SET provider = provider || 'x'")
os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Have another process write the file all the time."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        try:
            yield
            assert process.poll() is None
        finally:
            process.kill()


@pytest.mark.parametrize("journal", ["wal", "delete"])
async def test_a_file_that_is_written_all_the_time(journal: str, target: str, tmp_path: Path) -> None:
    path = tmp_path / "ffbot.db"
    write_old_file(path, Amounts(signals=4000, snapshots=100))
    with closing(sqlite3.connect(path)) as file:
        assert file.execute(f"PRAGMA journal_mode = {journal}").fetchone() == (journal,)
    with written(path):
        first = await copied(path, target)
        assert first.status == "verified"
        arrived = await query(target, "SELECT count(*) FROM signals WHERE ticker = 'LIVE'")
        decided = await query(target, "SELECT count(*) FROM signal_user_decisions WHERE id LIKE 'd-%'")
        assert arrived == decided != [(0,)]
        await asyncio.sleep(0.3)
    assert (await copied(path, target)).status == "verified"
    assert (await verified(path, target)).status == "verified"
    back = tmp_path / "back.db"
    assert (await copied(target, back, to_legacy=True)).status == "verified"
    assert_same_files(path, back)


async def test_a_source_with_a_log_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "source" / "ffbot.db"
    path.parent.mkdir()
    write_old_file(path, Amounts(signals=50, snapshots=5))
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA wal_autocheckpoint = 0")
        file.execute("UPDATE users SET status = 'in the log'")
        file.commit()
        before = _contents(path.parent)
        assert (await copied(path, tmp_path / "ours.db")).status == "verified"
        assert (await verified(path, tmp_path / "ours.db")).status == "verified"
        assert _contents(path.parent) == before
    assert await query(tmp_path / "ours.db", "SELECT DISTINCT status FROM users") == [("in the log",)]


async def test_a_source_whose_writer_was_killed_is_read_and_not_written(plain_file: Path, tmp_path: Path) -> None:
    """The half-made transaction is neither in the copy nor, when somebody opens it, in the source."""
    torn = tmp_path / "source" / "ffbot.db"
    torn.parent.mkdir()
    shutil.copyfile(plain_file, torn)
    _kill_a_writer(torn)
    before = _contents(torn.parent)
    assert set(before) == {"ffbot.db", "ffbot.db-journal"}
    ours, back = tmp_path / "ours.db", tmp_path / "back.db"
    assert (await copied(torn, ours)).status == "verified"
    assert (await verified(torn, ours)).status == "verified"
    assert _contents(torn.parent) == before
    assert (await copied(ours, back, to_legacy=True)).status == "verified"
    assert_same_files(plain_file, back)


async def test_a_connection_that_is_cut(plain_file: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends all sessions in the middle; the next pass finishes what was begun."""
    write, left = ServerTarget.write, [3]

    async def cut(*arguments: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            end = (
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_of(postgres_url)}'"
            )
            await asyncio.to_thread(run_sql, postgres_url.replace(database_of(postgres_url), "postgres"), end)
        return await write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ServerTarget, "write", cut)
        with pytest.raises(StorageError) as caught:
            await copied(plain_file, postgres_url)
    assert "\n" not in str(caught.value)
    assert (await copied(plain_file, postgres_url)).status == "verified"
    assert (await verified(plain_file, postgres_url)).status == "verified"


async def test_two_copies_at_once(plain_file: Path, postgres_url: str) -> None:
    """The second waits for the first, and finds its work done."""
    both = await asyncio.gather(copied(plain_file, postgres_url), copied(plain_file, postgres_url))
    assert [one.status for one in both] == ["verified", "verified"]
    assert sorted(sum(table.written for table in one.tables.values()) > 0 for one in both) == [False, True]


@pytest.mark.parametrize("to_legacy", [False, True])
async def test_a_full_disk(plain_file: Path, tmp_path: Path, to_legacy: bool) -> None:
    """The target has no room for all; once it has, the same command goes on."""
    source: str | Path = plain_file
    if to_legacy:
        source = tmp_path / "ours.db"
        await copied(plain_file, source)
    end = tmp_path / "end.db"
    with _largest_file(400_000), pytest.raises(StorageError) as caught:
        await copied(source, end, to_legacy=to_legacy)
    assert "\n" not in str(caught.value)
    assert (await copied(source, end, to_legacy=to_legacy)).status == "verified"
    assert (await verified(source, end)).status == "verified"


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("postgres_server").new_url()
    return url


def _contents(folder: Path) -> dict[str, str]:
    """Return the digest of every file; the index of a log holds who reads it, and may change."""
    files = [one for one in folder.iterdir() if not one.name.endswith("-shm")]
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


def _kill_a_writer(path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED_WRITER, str(path)], check=False)
