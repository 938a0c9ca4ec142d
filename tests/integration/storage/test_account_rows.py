"""Export and deletion on every store: all of one user's rows, in every table, and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Double, Integer, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.errors import NotAllowed, NotFound
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.delete_account import delete_account
from forward_factor.services.delete_user import delete_user
from forward_factor.services.export_account import export_account
from forward_factor.storage.account_rows import is_of, personal_tables
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Base, User, table_of
from forward_factor.storage.types import UtcDateTime
from tests.integration.storage.accounts import CLOCK, NOW, PASSWORD, PASSWORDS, register
from tests.integration.storage.scanning import fetch, rows_by_table

PERSONAL = {
    "users", "user_settings", "subscriptions", "signal_user_decisions", "refresh_tokens", "telegram_chats",
    "link_codes", "notifications", "deliveries", "alert_marks", "reminders", "backtest_runs", "decision_adjustments",
}  # fmt: skip


@pytest.fixture
async def people(store: Store) -> dict[str, str]:
    """Two users with a row in every table that may have one, and a third who only watches."""
    ids = {name: (await register(store, f"{name}@x.de")).id for name in ("ann", "bob", "eve")}
    for user_id in ids.values():
        await add_to_watchlist(store, CLOCK, user_id, ["AAPL", "MSFT"])
    async with store.engine.begin() as connection:
        for name in ("ann", "bob"):
            await _fill(connection, ids[name], name)
    return ids


async def _fill(connection: AsyncConnection, user_id: str, name: str) -> None:
    for table in personal_tables():
        if table.name not in {"users", "user_settings", "subscriptions"}:
            row = {column.name: _value(column, user_id, name) for column in table.columns}
            await connection.execute(insert(table).values(row))
    for ledger in ("transfer_originals", "transfer_quarantine"):
        table = Base.metadata.tables[ledger]
        row = {column.name: name for column in table.columns}
        moved = {"users": [user_id], "subscriptions": [user_id, "AAPL"], "signal_user_decisions": [f"{name}s id"]}
        for moved_table, key in moved.items():
            of_row = {"table_name": moved_table, "row_key": json.dumps(key)}
            await connection.execute(insert(table).values(row | of_row))


def _value(column: Column[Any], user_id: str, name: str) -> object:
    if column.name == "user_id":
        return user_id
    if column.foreign_keys:
        return f"{name}s id"
    if column.name == "id":
        return f"{name}s id"
    values: dict[type, object] = {
        UtcDateTime: NOW,
        Date: NOW.date(),
        Double: 1.5,
        Integer: 1,
        Boolean: True,
        JSON: {"of": name},
    }
    kinds = (kind for kind in values if isinstance(column.type, kind))
    return values.get(next(kinds, str), f"{name}s {column.name}")


async def _rows_of(store: Store, user_id: str) -> dict[str, int]:
    async with store.engine.connect() as connection:
        return {
            table.name: len((await connection.execute(select(table).where(is_of(table, user_id)))).all())
            for table in personal_tables()
        }


def test_every_table_that_names_a_user_is_known() -> None:
    naming = {table.name for table in Base.metadata.sorted_tables if "user_id" in table.c or table is table_of(User)}
    assert {table.name for table in personal_tables()} == PERSONAL
    assert naming <= PERSONAL


async def test_an_export_holds_all_rows_of_a_user_and_no_secret(store: Store, people: dict[str, str]) -> None:
    exported = await export_account(store.account_records, CLOCK, people["ann"])
    document = json.loads(msgspec.json.encode(exported.document()))
    assert document["exported_at"] == "2026-06-01T18:00:00Z"
    counted = {table: len(rows) for table, rows in document["tables"].items()}
    assert counted == await _rows_of(store, people["ann"]) == dict.fromkeys(PERSONAL, 1) | {"subscriptions": 2}
    assert document["tables"]["notifications"][0]["facts"] == {"of": "ann"}
    assert document["tables"]["deliveries"][0]["chat_id"] == "anns chat_id"
    text = json.dumps(document)
    for secret in ("argon2", "anns token_digest", "anns code_digest", "bob", people["bob"]):
        assert secret not in text
    with pytest.raises(NotFound):
        await export_account(store.account_records, CLOCK, "nobody")


async def test_a_deleted_account_leaves_no_row_and_nobody_elses_goes(store: Store, people: dict[str, str]) -> None:
    others = [await _rows_of(store, people[name]) for name in ("bob", "eve")]
    with pytest.raises(NotAllowed):
        await delete_account(store, PASSWORDS, people["ann"], "wrong password")
    await delete_account(store, PASSWORDS, people["ann"], PASSWORD)
    assert await _rows_of(store, people["ann"]) == dict.fromkeys(PERSONAL, 0)
    assert [await _rows_of(store, people[name]) for name in ("bob", "eve")] == others
    rows = await rows_by_table(store)
    assert (rows["transfer_originals"], rows["transfer_quarantine"]) == (3, 3)
    assert rows["deliveries"] == 1
    counts = await fetch(store, "SELECT ticker, active_subscriber_count FROM master_tickers ORDER BY ticker")
    assert counts == [("AAPL", 2), ("MSFT", 2)]
    with pytest.raises(NotFound):
        await delete_user(store, people["ann"])
    assert (await register(store, "ann@x.de")).id != people["ann"]
