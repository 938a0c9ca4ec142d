"""Later passes: what was added, changed, deleted, spoiled or mended in the source is carried over, nothing else."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forward_factor.storage.transfer import server_source, sqlite_source
from forward_factor.storage.transfer.report import TransferReport
from forward_factor.storage.transfer.server_target import ServerTarget
from forward_factor.storage.transfer.sqlite_target import SqliteTarget
from tests.integration.transfer.moving import copied, query, sqlite_url, verified
from tests.old_bot.compare import assert_same_files
from tests.old_bot.write import FIRST, signal_row
from tests.servers.postgres import PostgresServer

Change = Callable[[sqlite3.Connection], object]
NEXT_YEAR = FIRST + timedelta(days=400)


class PowerCut(Exception):
    """Ends a pass."""


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut tables into many ranges, so that rows wander from one to the next."""
    monkeypatch.setattr(sqlite_source, "MOST_ROWS", 90)
    monkeypatch.setattr(server_source, "MOST_ROWS", 70)


def change(path: Path, work: Change) -> None:
    """Do something to a file, committed."""
    with closing(sqlite3.connect(path)) as file:
        work(file)
        file.commit()


async def assert_carried_over(source: Path, target: str, tmp_path: Path, status: str = "verified") -> None:
    """Make another pass, prove it anew, and take it back: the old file must come out."""
    report = await copied(source, target)
    assert report.status == status, differences(report)
    assert (await verified(source, target)).status == status
    assert await keys_of_signals(target) == await signals_with_keys(target)
    again = await copied(source, target)
    assert again.status == status
    assert sum(one.written for one in again.tables.values()) == 0
    back = tmp_path / "delta-back.db"
    assert (await copied(target, back, to_legacy=True)).status == "verified"
    assert_same_files(source, back)


def differences(report: TransferReport) -> dict[str, Any]:
    """Return what is not equal, by table."""
    return {name: (one, one.differences) for name, one in report.tables.items() if not one.match}


async def keys_of_signals(target: str) -> list[tuple[Any, ...]]:
    """Return what keeps signals unique."""
    return await query(target, "SELECT dedupe_key, signal_id FROM signal_keys ORDER BY 1")


async def signals_with_keys(target: str) -> list[tuple[Any, ...]]:
    """Return what it should be."""
    return await query(target, "SELECT dedupe_key, id FROM signals WHERE dedupe_key IS NOT NULL ORDER BY 1")


def _add(file: sqlite3.Connection) -> None:
    chance = random.Random(1)
    for number in range(200):
        row = signal_row(chance, NEXT_YEAR + timedelta(minutes=number, microseconds=1))
        file.execute(f"INSERT INTO signals VALUES ({', '.join('?' for _ in row)})", row)


def _swap_addresses(file: sqlite3.Connection) -> None:
    (first, mine), (second, yours) = file.execute("SELECT id, email FROM users ORDER BY rowid LIMIT 2").fetchall()
    file.execute("UPDATE users SET email = NULL WHERE id IN (?, ?)", (first, second))
    file.execute("UPDATE users SET email = ? WHERE id = ?", (yours, first))
    file.execute("UPDATE users SET email = ? WHERE id = ?", (mine, second))


def _register_again(file: sqlite3.Connection) -> None:
    row = file.execute("SELECT * FROM users ORDER BY rowid DESC LIMIT 1").fetchone()
    _delete_user(file, row[0])
    file.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", ("again", *row[1:]))
    file.execute("INSERT INTO subscriptions VALUES ('again', 'AAPL', 1, '2026-01-01 00:00:00.000000')")


def _delete_user(file: sqlite3.Connection, name: str) -> None:
    for table in ("user_settings", "subscriptions", "signal_user_decisions"):
        file.execute(f"DELETE FROM {table} WHERE user_id = ?", (name,))
    file.execute("DELETE FROM users WHERE id = ?", (name,))


def _delete_first_user(file: sqlite3.Connection) -> None:
    _delete_user(file, file.execute("SELECT id FROM users ORDER BY rowid LIMIT 1").fetchone()[0])


def _move_in_time(file: sqlite3.Connection) -> None:
    file.execute("UPDATE signals SET as_of_ts = '2027-01-01 00:00:00.000001' WHERE rowid % 100 = 3")
    file.execute("UPDATE option_chain_snapshots SET as_of_ts = '2027-01-01 00:00:00.000001' WHERE rowid = 5")


def _replace_snapshot(file: sqlite3.Connection) -> None:
    row = file.execute("SELECT * FROM option_chain_snapshots WHERE rowid >= 120").fetchone()
    file.execute("DELETE FROM option_chain_snapshots WHERE id = ?", (row[0],))
    file.execute(
        "INSERT INTO option_chain_snapshots (rowid, id, ticker, as_of_ts, provider, underlying_price, raw_payload,"
        " quality_score) VALUES (-4, 'replaced', ?, ?, ?, ?, ?, ?)",
        row[1:],
    )


def _replace_signal(file: sqlite3.Connection) -> None:
    row = file.execute("SELECT * FROM signals WHERE rowid >= 700 AND dedupe_key IS NOT NULL").fetchone()
    file.execute("DELETE FROM signals WHERE id = ?", (row[0],))
    file.execute(f"INSERT INTO signals VALUES ({', '.join('?' for _ in row)})", ("replaced", *row[1:]))


CHANGES: dict[str, Change] = {
    "nothing": lambda _: None,
    "rows added": _add,
    "rows changed": lambda file: file.execute("UPDATE signals SET ff_value = ff_value + 1 WHERE rowid % 50 = 0"),
    "rows deleted": lambda file: file.execute("DELETE FROM signals WHERE rowid % 7 = 0"),
    "first rows deleted": lambda file: file.execute("DELETE FROM option_chain_snapshots WHERE rowid <= 10"),
    "all rows deleted": lambda file: file.execute("DELETE FROM signal_user_decisions"),
    "e-mails swapped": _swap_addresses,
    "user registered again": _register_again,
    "user deleted with children": _delete_first_user,
    "rows moved in time": _move_in_time,
    "snapshot under another id": _replace_snapshot,
    "signal under another id": _replace_signal,
}


@pytest.fixture(params=[pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("sqlite", "postgresql")])
def quick_target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database on the two stores that are made in no time; all changes at once are tested on the others."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "target.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_url()


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_is_carried_over(name: str, plain_file: Path, quick_target: str, tmp_path: Path) -> None:
    target = quick_target
    assert (await copied(plain_file, target)).status == "verified"
    change(plain_file, CHANGES[name])
    await assert_carried_over(plain_file, target, tmp_path)


async def test_all_changes_at_once_and_a_vacuum(odd_file: Path, target: str, tmp_path: Path) -> None:
    change(odd_file, _add)
    assert (await copied(odd_file, target)).status == "quarantined"
    back = tmp_path / "kept-back.db"
    assert (await copied(target, back, to_legacy=True)).status == "verified"
    for work in CHANGES.values():
        if work is not _add:
            change(odd_file, work)
    change(odd_file, lambda file: file.execute("DELETE FROM users WHERE id = 'case-2'"))
    with closing(sqlite3.connect(odd_file, isolation_level=None)) as file:
        file.execute("VACUUM")
    await assert_carried_over(odd_file, target, tmp_path, "quarantined")
    report = await copied(target, back, to_legacy=True)
    assert report.status == "verified", differences(report)
    assert_same_files(odd_file, back)


async def test_rows_become_bad_and_are_mended(plain_file: Path, target: str, tmp_path: Path) -> None:
    def spoil(file: sqlite3.Connection) -> None:
        file.execute("UPDATE users SET created_at = 'never' WHERE rowid = 1")
        file.execute("UPDATE signals SET front_iv = 'n/a' WHERE rowid IN (10, 500)")
        file.execute("UPDATE user_settings SET dte_pairs = '{' WHERE rowid = 3")

    def mend(file: sqlite3.Connection) -> None:
        file.execute("UPDATE users SET created_at = '2025-09-02 13:30:00.000001' WHERE rowid = 1")
        file.execute("UPDATE signals SET front_iv = 0.5 WHERE rowid = 10")
        file.execute("DELETE FROM signals WHERE rowid = 500")
        file.execute("UPDATE user_settings SET dte_pairs = '[]' WHERE rowid = 3")

    await copied(plain_file, target)
    children = 0
    for table in ("user_settings", "subscriptions", "signal_user_decisions"):
        found = await query(
            target,
            f"SELECT count(*) FROM {table} t JOIN users u ON u.id = t.user_id WHERE u.email = 'user0@example.com'",
        )
        children += found[0][0]
    assert children
    change(plain_file, spoil)
    report = await copied(plain_file, target)
    assert report.status == "quarantined"
    assert sum(one.quarantined for one in report.tables.values()) == 4 + children
    assert await query(target, "SELECT count(*) FROM transfer_quarantine") == [(4 + children,)]
    assert (await verified(plain_file, target)).status == "quarantined"
    change(plain_file, mend)
    await assert_carried_over(plain_file, target, tmp_path)
    assert await query(target, "SELECT count(*) FROM transfer_quarantine") == [(0,)]


async def test_children_of_users_who_are_gone_or_come(plain_file: Path, target: str, tmp_path: Path) -> None:
    kept: list[Any] = []

    def leave_orphans(file: sqlite3.Connection) -> None:
        kept.extend(file.execute("SELECT * FROM users WHERE rowid = 2").fetchone())
        file.execute("DELETE FROM users WHERE rowid = 2")

    await copied(plain_file, target)
    change(plain_file, leave_orphans)
    await assert_carried_over(plain_file, target, tmp_path, "quarantined")
    reasons = await query(target, "SELECT DISTINCT reason FROM transfer_quarantine")
    assert reasons == [("no such user (user_id)",)]
    change(plain_file, lambda file: file.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", kept))
    (tmp_path / "delta-back.db").unlink()
    (tmp_path / "delta-back.db.transfer").unlink()
    await assert_carried_over(plain_file, target, tmp_path)


async def test_twins_part(plain_file: Path, target: str, tmp_path: Path) -> None:
    """A row that another kept out is taken in when the other goes, although it has not changed itself."""
    row: list[Any] = []

    def twin(file: sqlite3.Connection) -> None:
        row.extend(file.execute("SELECT * FROM option_chain_snapshots WHERE rowid = 1").fetchone())
        file.execute("INSERT INTO option_chain_snapshots VALUES ('twin', ?, ?, ?, ?, ?, ?)", row[1:])

    change(plain_file, twin)
    assert (await copied(plain_file, target)).tables["option_chain_snapshots"].quarantined == 1
    change(plain_file, lambda file: file.execute("DELETE FROM option_chain_snapshots WHERE rowid = 1"))
    await assert_carried_over(plain_file, target, tmp_path)
    assert await query(target, "SELECT count(*) FROM option_chain_snapshots WHERE id = 'twin'") == [(1,)]


@pytest.mark.parametrize("stops_at", [1, 4, 12, 20])
async def test_a_pass_that_was_cut_off_is_finished(
    stops_at: int, odd_file: Path, quick_target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a later pass stops, the next one goes on: a half-made pass is not somebody else's writing."""
    target = quick_target
    await copied(odd_file, target)
    for work in CHANGES.values():
        change(odd_file, work)
    left = [stops_at]
    write = SqliteTarget.write, ServerTarget.write

    def cutting(kind: int) -> Callable[..., Any]:
        async def cut(*arguments: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                raise PowerCut
            return await write[kind](*arguments)

        return cut

    with monkeypatch.context() as patch:
        patch.setattr(SqliteTarget, "write", cutting(0))
        patch.setattr(ServerTarget, "write", cutting(1))
        with pytest.raises(PowerCut):
            await copied(odd_file, target)
    await assert_carried_over(odd_file, target, tmp_path, "quarantined")
