"""Users of the old bot after the move: the same password, everything still theirs, and a way back."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from sqlalchemy import select

from forward_factor.errors import AlreadyExists, LogInRefused
from forward_factor.services.disable_user import disable_user
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.storage.store import Store, open_store
from forward_factor.storage.tables import Base
from forward_factor.storage.transfer.copying import copy_database
from forward_factor.storage.transfer.report import Quiet
from tests.integration.storage.accounts import CLOCK, enter, register
from tests.integration.storage.conftest import POOL
from tests.old_bot.compare import rows_of, schema_of
from tests.old_bot.schema import TABLES
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.store import StoreServer

Rows = dict[str, list[dict[str, Any]]]

HASH_COLUMN = 3
PASSWORDS_BY_PREFIX = {"$2b$": "correct horse battery", "$2a$": "пароль " * 20, "$2y$": "short"}
"""The second is longer than bcrypt sees, the third shorter than a new one may be."""


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A file of the old bot, its first users with real hashes of known passwords, one of each kind of bcrypt."""
    path = tmp_path / "ffbot.db"
    write_old_file(path, Amounts(users=6, signals=60, snapshots=10, decisions=60))
    with closing(sqlite3.connect(path)) as file:
        for number, (prefix, password) in enumerate(PASSWORDS_BY_PREFIX.items()):
            hashed = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
            values = (prefix + hashed[4:], _email(number))
            file.execute("UPDATE users SET password_hash = ? WHERE email = ?", values)
        file.execute("UPDATE users SET email = ? WHERE email = ?", (_email(0).upper(), _email(3)))
        file.execute("UPDATE users SET status = NULL WHERE email = ?", (_email(1),))
        file.commit()
    return path


async def test_moved_users_log_in_and_keep_all_that_is_theirs(
    store_server: StoreServer, old_file: Path, tmp_path: Path
) -> None:
    url, back = store_server.new_url(), tmp_path / "back.db"
    assert (await copy_database(f"sqlite:///{old_file}", url, Quiet(), to_legacy=False)).status == "verified"
    async with open_store(url, POOL) as store:
        before = await _rows(store)
        for number, password in enumerate(PASSWORDS_BY_PREFIX.values()):
            await _enter_twice(store, _email(number), password)
        after = await _rows(store)
    _assert_only_hashes_changed(before, after)
    returned = await copy_database(url, f"sqlite:///{back}", Quiet(), to_legacy=True)
    assert returned.status == "verified"
    assert schema_of(back) == schema_of(old_file)
    for table in TABLES:
        assert _without_hashes(table, rows_of(back, table)) == _without_hashes(table, rows_of(old_file, table))
    hashes = dict(_query(back, "SELECT email, substr(password_hash, 1, 10) FROM users"))
    renewed = {_email(number) for number in range(len(PASSWORDS_BY_PREFIX))}
    assert {email for email, begins in hashes.items() if begins == "$argon2id$"} == renewed


async def test_moved_users_beside_new_ones(store_server: StoreServer, old_file: Path) -> None:
    url = store_server.new_url()
    await copy_database(f"sqlite:///{old_file}", url, Quiet(), to_legacy=False)
    async with open_store(url, POOL) as store:
        with pytest.raises(AlreadyExists):
            await register(store, "USER5@example.com")
        with pytest.raises(LogInRefused):
            await enter(store, _email(0).upper(), PASSWORDS_BY_PREFIX["$2b$"])
        user = await enter(store, _email(0), PASSWORDS_BY_PREFIX["$2b$"])
        of_old = _query(old_file, "SELECT ticker FROM subscriptions WHERE active AND user_id = ? ORDER BY 1", user.id)
        assert [(one.ticker,) for one in await list_watchlist(store, user.id)] == of_old
        await disable_user(store, CLOCK, user.id)
        with pytest.raises(LogInRefused):
            await enter(store, _email(0), PASSWORDS_BY_PREFIX["$2b$"])


async def _enter_twice(store: Store, email: str, password: str) -> None:
    for _ in range(2):
        for wrong in (password + "!" if len(password) < 72 else "!" + password, ""):
            with pytest.raises(LogInRefused):
                await enter(store, email, wrong)
        user = await enter(store, email, password)
        assert (user.email, user.telegram_chat_id) == (email, f"1000000{email[4:].partition('@')[0]:>02}")
        async with store.reading() as work:
            found = await work.users.called(email)
        assert found is not None
        assert (found.password_hash or "").startswith("$argon2id$")


def _assert_only_hashes_changed(
    before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]
) -> None:
    changed = [
        {name for name in one if one[name] != other[name]}
        for one, other in zip(before.pop("users"), after.pop("users"), strict=True)
    ]
    assert sorted(map(sorted, changed)) == [[]] * 3 + [["password_hash"]] * 3
    assert before == after


async def _rows(store: Store) -> Rows:
    async with store.engine.connect() as connection:
        found: Rows = {}
        for table in Base.metadata.sorted_tables:
            rows = (await connection.execute(select(table))).mappings().all()
            found[table.name] = sorted(map(dict, rows), key=lambda row: str(list(row.values())[:1]))
    return found


def _without_hashes(table: str, rows: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    if table != "users":
        return rows
    value = 2 * HASH_COLUMN + 1
    return Counter((*row[:value], *row[value + 1 :]) for row in rows.elements())


def _query(path: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute(statement, values).fetchall()


def _email(number: int) -> str:
    return f"user{number}@example.com"
