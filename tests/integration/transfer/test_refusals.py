"""What a move refuses: in one line that says what to do, with nothing changed."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from forward_factor.errors import ForwardFactorError
from forward_factor.storage.engine import open_engine, parse_database_url
from forward_factor.storage.schema import downgrade_schema, upgrade_schema
from tests.integration.transfer.moving import copied, query, sqlite_url, verified
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.postgres import PASSWORD_USER, PostgresServer, role_with_password
from tests.servers.sql import run_sql

PASSWORD = "sesam-öffne-dich"  # of a server that lives as long as the test
TINY = Amounts(users=5, signals=40, snapshots=10, decisions=10)


async def refused(source: str | Path, target: str | Path, *says: str, to_legacy: bool = False) -> None:
    """Fail unless the move is refused in one line that says all of ``says``."""
    with pytest.raises(ForwardFactorError) as caught:
        await copied(source, target, to_legacy=to_legacy)
    said = str(caught.value)
    assert all(one in said for one in says), said
    assert "\n" not in said
    assert PASSWORD not in said


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of every file in a folder; what SQLite leaves beside a store it has read is empty."""
    files = [one for one in folder.iterdir() if one.is_file() and not one.name.endswith(("-shm", "-wal"))]
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


def execute(path: Path, *statements: str) -> None:
    """Run statements in a file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for statement in statements:
            file.execute(statement)


async def set_level(url: str, revision: str | None) -> None:
    """Bring an empty store up, and down again to ``revision``."""
    engine = open_engine(parse_database_url(url))
    try:
        await upgrade_schema(engine)
        if revision is not None:
            await downgrade_schema(engine, revision)
    finally:
        await engine.dispose()


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    path = tmp_path / "ffbot.db"
    write_old_file(path, TINY)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for a target, beside the source's."""
    path = tmp_path / "target"
    path.mkdir()
    return path


async def test_a_target_that_was_written_to(tiny_file: Path, target: str) -> None:
    await copied(tiny_file, target)
    await query(target, "UPDATE users SET telegram_username = 'somebody' WHERE email = 'user0@example.com'")
    await refused(tiny_file, target, "users", "written to since the last pass")
    named = await query(target, "SELECT count(*) FROM users WHERE telegram_username = 'somebody'")
    assert named == [(1,)]
    report = await verified(tiny_file, target)
    assert (report.status, len(report.tables["users"].differences)) == ("differs", 1)


async def test_a_target_with_new_rows(tiny_file: Path, target: str) -> None:
    await copied(tiny_file, target)
    await query(target, "INSERT INTO master_tickers (ticker) VALUES ('NEW')")
    await refused(tiny_file, target, "master_tickers", "written to since the last pass")
    assert await query(target, "SELECT count(*) FROM master_tickers WHERE ticker = 'NEW'") == [(1,)]


async def test_a_target_with_a_copy_of_another_source(tiny_file: Path, target: str, tmp_path: Path) -> None:
    await copied(tiny_file, target)
    other = tmp_path / "other.db"
    shutil.copy(tiny_file, other)
    await refused(other, target, "another source", "ffbot.db")


async def test_a_target_with_rows_of_its_own(tiny_file: Path, target: str) -> None:
    await set_level(target, None)
    await query(target, "INSERT INTO master_tickers (ticker) VALUES ('OWN')")
    await refused(tiny_file, target, "not empty", "master_tickers")


async def test_a_target_with_tables_of_something_else(tiny_file: Path, target: str) -> None:
    await query(target, "CREATE TABLE somebody (name TEXT)")
    await refused(tiny_file, target, "something else")
    assert await query(target, "SELECT count(*) FROM somebody") == [(0,)]


async def test_an_older_target(tiny_file: Path, target: str) -> None:
    await set_level(target, "0002")
    await query(target, "INSERT INTO master_tickers (ticker) VALUES ('OWN')")
    await refused(tiny_file, target, "0002", "db upgrade")
    assert await query(target, "SELECT version_num FROM alembic_version") == [("0002",)]
    await query(target, "DELETE FROM master_tickers")
    assert (await copied(tiny_file, target)).status == "verified"


async def test_a_newer_target(tiny_file: Path, target: str) -> None:
    await set_level(target, None)
    await query(target, "UPDATE alembic_version SET version_num = '9999'")
    await refused(tiny_file, target, "9999", "newer")


async def test_an_older_source(target: str, back: str, tmp_path: Path) -> None:
    await set_level(target, "0002")
    await refused(target, back, "0002", "db upgrade")
    assert not (tmp_path / "back.db").exists()


async def test_a_source_of_unknown_level(target: str, back: str) -> None:
    await set_level(target, None)
    await query(target, "UPDATE alembic_version SET version_num = '9999'")
    await refused(target, back, "9999")


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("CREATE TABLE extra (a TEXT)", "table extra is not in the catalogue"),
        ("ALTER TABLE users ADD COLUMN extra VARCHAR", "column users.extra is not in the catalogue"),
        ("ALTER TABLE signals DROP COLUMN provider", "column signals.provider is missing"),
        ("DROP TABLE master_tickers", "table master_tickers is missing"),
        ("DELETE FROM alembic_version", "schema"),
        ("DROP TABLE alembic_version", "no schema level"),
        ("UPDATE alembic_version SET version_num = 'other'", "other"),
        ("INSERT INTO alembic_version VALUES ('second')", "second"),
    ],
)
async def test_an_unexpected_old_file(tiny_file: Path, folder: Path, statement: str, says: str) -> None:
    execute(tiny_file, statement)
    await refused(tiny_file, folder / "new.db", says)
    assert contents(folder) == {}


async def test_an_unexpected_server(target: str, folder: Path) -> None:
    await set_level(target, None)
    await query(target, "CREATE TABLE extra (a TEXT)")
    await query(target, "ALTER TABLE users ADD COLUMN extra TEXT")
    await refused(target, folder / "new.db", "table extra", "column users.extra")
    assert contents(folder) == {}


async def test_files_that_are_no_source(tiny_file: Path, folder: Path, tmp_path: Path) -> None:
    whole = tiny_file.read_bytes()
    for name, held, says in (
        ("text.db", b"no database at all\n" * 100, "not a database"),
        ("empty.db", b"", "no schema level"),
        ("short.db", whole[: len(whole) // 2], "malformed"),
    ):
        (tmp_path / name).write_bytes(held)
        await refused(tmp_path / name, folder / "new.db", says)
    await refused(tmp_path / "missing.db", folder / "new.db", "there is no file")
    (tmp_path / "torn.db").write_bytes(whole[:-16384] + bytes(16384))
    await refused(tmp_path / "torn.db", tmp_path / "torn-new.db", "malformed")
    await refused(tmp_path, folder / "new.db", "there is no file")
    assert contents(folder) == {}


async def test_the_same_store_twice(tiny_file: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "link.db").symlink_to(tiny_file)
    before = contents(tmp_path)
    await refused(tiny_file, tmp_path / "link.db", "same store", to_legacy=True)
    await refused(target, target, "same store")
    await refused("sqlite://", target, "files")
    assert contents(tmp_path) == before


async def test_sqlite_targets_that_are_not_ours(tiny_file: Path, folder: Path) -> None:
    write_old_file(folder / "theirs.db", TINY)
    (folder / "text.db").write_text("no database\n" * 100)
    execute(folder / "foreign.db", "CREATE TABLE somebody (name TEXT)")
    execute(folder / "alembic.db", "CREATE TABLE alembic_version (version_num TEXT)", "CREATE TABLE a (b)")
    execute(folder / "alembic.db", "INSERT INTO alembic_version VALUES ('abcdef')")
    ours = folder / "ours.db"
    await set_level(sqlite_url(ours), None)
    before = contents(folder)
    for to_legacy in (False, True):
        await refused(tiny_file, folder / "theirs.db", "old bot's file", to_legacy=to_legacy)
        await refused(tiny_file, folder / "text.db", "not a database", to_legacy=to_legacy)
        await refused(tiny_file, folder / "foreign.db", "something else", to_legacy=to_legacy)
        await refused(tiny_file, folder / "alembic.db", "abcdef", to_legacy=to_legacy)
    await refused(tiny_file, ours, "not the old bot's", to_legacy=True)
    assert contents(folder) == before


async def test_a_server_is_no_old_bots_file(tiny_file: Path, postgres_server: PostgresServer) -> None:
    await refused(tiny_file, postgres_server.new_url(), "SQLite files", to_legacy=True)


async def test_roles_that_may_not(tiny_file: Path, postgres_server: PostgresServer) -> None:
    url = postgres_server.new_url()
    run_sql(postgres_server.admin_url, *role_with_password(PASSWORD))

    def as_user(password: str) -> str:
        return str(
            parse_database_url(url).set(username=PASSWORD_USER, password=password).render_as_string(hide_password=False)
        )

    await refused(tiny_file, as_user(PASSWORD + "!"), "password authentication failed")
    await refused(as_user(PASSWORD + "!"), tiny_file.with_name("new.db"), "password authentication failed")
    await refused(tiny_file, as_user(PASSWORD), "permission denied")
    assert await query(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    run_sql(url, f"GRANT ALL ON SCHEMA public TO {PASSWORD_USER}")
    assert (await copied(tiny_file, as_user(PASSWORD))).status == "verified"
    held: list[Any] = []
    for table in ("transfer_runs", "transfer_sources"):
        held += await query(url, f"SELECT * FROM {table}")
    assert held
    assert PASSWORD not in str(held)


async def test_a_server_that_is_not_there(tiny_file: Path, folder: Path) -> None:
    gone = "postgresql://somebody:secret@127.0.0.1:1/nothing"
    await refused(tiny_file, gone, "reached")
    await refused(gone, folder / "new.db", "reached")
    await refused(tiny_file.with_name("missing.db"), gone, "")
    assert contents(folder) == {}


async def test_nothing_to_verify(tiny_file: Path, target: str, folder: Path) -> None:
    for store, says in (
        (target, "copy|upgrade|no file"),
        (folder / "none.db", "no file"),
        (tiny_file.with_name("other.db"), "no copy"),
    ):
        if says == "no copy":
            write_old_file(Path(store), TINY)
        with pytest.raises(ForwardFactorError, match=says):
            await verified(tiny_file, store)
    assert contents(folder) == {}
