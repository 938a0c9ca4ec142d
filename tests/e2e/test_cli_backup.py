"""``db backup`` and ``db restore`` as a user meets them, on a file and on a server."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import COMMAND, Outcome, Terminal, assert_one_line_each
from tests.servers.postgres import PASSWORD_USER, PostgresServer, client_programs, role_with_password
from tests.servers.sql import run_sql

PASSWORD = "open-sesame"


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal whose store holds a scan, with a backup of it."""
    directory = tmp_path_factory.mktemp("backed_up")
    write_chains([priced_chain({30: 0.45, 60: 0.35, 90: 0.33}, "DEAR")], directory / "chains.parquet")
    terminal = Terminal(directory, {"DATABASE_URL": "sqlite:///store.db"})
    assert terminal.run("scan", "--chains", "chains.parquet").code == 0
    assert terminal.run("db", "backup", "made.backup").code == 0
    return terminal


@pytest.fixture(scope="module")
def server(postgres_server: PostgresServer, scanned: Terminal) -> tuple[Terminal, str]:
    """The same terminal with PostgreSQL's programs on its path, and an empty database of a user with a password."""
    run_sql(
        postgres_server.admin_url,
        *role_with_password(PASSWORD, "SUPERUSER"),
    )
    url = _with_password(postgres_server.create_database())
    path = f"{client_programs()}{os.pathsep}{os.defpath}"
    return Terminal(scanned.directory, {"PATH": path}), url


def test_a_store_comes_back(scanned: Terminal) -> None:
    outcome = scanned.run("db", "backup", "second.backup", "--json")
    assert (outcome.code, outcome.stderr) == (0, "")
    (made,) = outcome.objects
    assert made["bytes"] == (scanned.directory / "second.backup").stat().st_size
    restored = scanned.run("--database-url", "sqlite:///back/new.db", "db", "restore", "second.backup", "--json")
    assert (restored.code, restored.stderr) == (0, "")
    (found,) = restored.objects
    assert (found["status"], found["contents"]) == ("done", made["contents"])
    again = scanned.run("--database-url", "sqlite:///back/new.db", "signals", "--json")
    assert again.objects == scanned.run("signals", "--json").objects != []


def test_a_server_comes_back_and_no_password_is_shown(
    server: tuple[Terminal, str], postgres_server: PostgresServer
) -> None:
    terminal, url = server
    assert terminal.run("db", "upgrade", DATABASE_URL=url).code == 0
    assert terminal.run("scan", "--chains", "chains.parquet", DATABASE_URL=url).code == 0
    made = terminal.run("db", "backup", "server.backup", DATABASE_URL=url)
    assert made.code == 0
    full = terminal.run("db", "restore", "server.backup", DATABASE_URL=url)
    assert (full.code, full.stdout) == (1, "")
    assert "the database is not empty" in full.stderr
    target = _with_password(postgres_server.create_database())
    restored = terminal.run("db", "restore", "server.backup", DATABASE_URL=target)
    assert restored.code == 0
    assert "restored and verified" in restored.stdout
    assert "DEAR" in terminal.run("signals", DATABASE_URL=target).stdout
    for outcome in (made, full, restored):
        assert_one_line_each(outcome)
        assert PASSWORD not in outcome.stdout + outcome.stderr
    assert PASSWORD.encode() not in (terminal.directory / "server.backup").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backup", "made.backup"), "made.backup exists, and nothing is overwritten"),
        (("backup", "/dev/full"), "/dev/full exists"),
        (("backup", "no/such/directory/b"), "there is no directory"),
        (("backup", "chains.parquet/b"), "there is no directory"),
        (("backup", "x" * 300), "File name too long"),
        (("backup", "."), "exists"),
        (("restore", "made.backup"), "store.db exists"),
        (("restore", "chains.parquet"), "no backup"),
        (("restore", "gone.backup"), "gone.backup: No such file"),
        (("restore", "."), "Is a directory"),
        (("restore", "/dev/null"), "no backup"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(scanned: Terminal, arguments: tuple[str, ...], words: str) -> None:
    before = sorted(scanned.directory.iterdir())
    outcome = scanned.run("db", *arguments)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert words in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert_one_line_each(outcome)
    assert sorted(scanned.directory.iterdir()) == before


@pytest.mark.parametrize(
    "spoil", [lambda whole: whole[:-1000], lambda whole: whole[:900] + b"#" + whole[901:], lambda whole: whole[4:]]
)
def test_a_spoilt_backup_leaves_no_store(scanned: Terminal, spoil: object) -> None:
    assert callable(spoil)
    whole = (scanned.directory / "made.backup").read_bytes()
    (scanned.directory / "spoilt").write_bytes(spoil(whole))
    outcome = scanned.run("--database-url", "sqlite:///spoilt.db", "db", "restore", "spoilt")
    assert (outcome.code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("error: spoilt is ")
    assert not list(scanned.directory.glob("spoilt.db*"))


def test_a_full_disk_leaves_nothing(scanned: Terminal) -> None:
    """The shell's limit on a file's size stands for the disk: a write beyond it fails in the same place."""
    for words in (
        ("db", "backup", "full.backup"),
        ("--database-url", "sqlite:///full.db", "db", "restore", "made.backup"),
    ):
        outcome = _with_little_room(scanned, *words)
        assert (outcome.code, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith("error: ")
        assert len(outcome.stderr.splitlines()) == 1
        assert not list(scanned.directory.glob("full.*"))


def test_a_read_only_disk_is_said_in_one_line(scanned: Terminal) -> None:
    """Root may write into any directory, but not into this one."""
    for words in (
        ("db", "backup", "/proc/b"),
        ("--database-url", "sqlite:////proc/s.db", "db", "restore", "made.backup"),
    ):
        outcome = scanned.run(*words)
        assert (outcome.code, outcome.stdout) == (1, "")
        assert "/proc" in outcome.stderr
        assert "reached" not in outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1
        assert_one_line_each(outcome)


def test_a_server_down_or_a_wrong_password_is_said_in_one_line(server: tuple[Terminal, str]) -> None:
    terminal, url = server
    dead = f"postgresql://someone:{PASSWORD}@127.0.0.1:9/store"
    assert terminal.run("db", "upgrade", DATABASE_URL=url).code == 0
    assert terminal.run("db", "backup", "kept.backup", DATABASE_URL=url).code == 0
    for arguments in (("db", "backup", "never"), ("db", "restore", "kept.backup")):
        outcome = terminal.run(*arguments, DATABASE_URL=dead)
        assert (outcome.code, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith("error: the database cannot be reached")
        assert PASSWORD not in outcome.stderr
        assert_one_line_each(outcome)
        wrong = terminal.run(*arguments, DATABASE_URL=url.replace(PASSWORD, "close-sesame"))
        assert (wrong.code, wrong.stdout) == (1, "")
        assert "password authentication failed" in wrong.stderr
        assert "sesame" not in wrong.stderr
        assert_one_line_each(wrong)
    (terminal.directory / "kept.backup").unlink()
    assert not (terminal.directory / "never").exists()


def test_programs_too_old_are_named(server: tuple[Terminal, str], tmp_path: Path) -> None:
    terminal, url = server
    assert terminal.run("db", "upgrade", DATABASE_URL=url).code == 0
    for name in ("pg_dump", "pg_restore"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        (tmp_path / name).chmod(0o755)
    outcome = terminal.run("db", "backup", "never", DATABASE_URL=url, PATH=str(tmp_path))
    if outcome.code == 0:
        pytest.skip("this machine has PostgreSQL programs of the newest version in their usual folder")
    assert "this needs pg_dump and pg_restore of version 18 or newer" in outcome.stderr
    assert "Install PostgreSQL's client programs, version 18" in outcome.stderr
    assert_one_line_each(outcome)


def _with_little_room(terminal: Terminal, *arguments: str) -> Outcome:
    # 20 blocks of 512 bytes (1024 in some shells): less than the store, more than what is written before it.
    line = f"ulimit -f 20; exec {shlex.join([*COMMAND, *arguments])}"
    variables = terminal.variables({"PYTHONDONTWRITEBYTECODE": "1"})
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=terminal.directory, env=variables, capture_output=True, timeout=120, check=False
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def _with_password(url: str, password: str = PASSWORD) -> str:
    """The same URL for the one user who needs a password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(scheme="postgresql", netloc=f"{PASSWORD_USER}:{password}@{host}"))
