"""The old bot's schema as we know it, against the one written out by hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from forward_factor.errors import SchemaMismatch
from forward_factor.storage.transfer.catalogue import legacy_catalogue, own_catalogue, require_mapped
from forward_factor.storage.transfer.legacy import LEGACY_TABLES, legacy_schema
from tests.old_bot.schema import STATEMENTS, TABLES


def shape(statements: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """Return columns, keys, references and indexes of a schema as SQLite sees them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        found: dict[str, Any] = {}
        for table in (*TABLES, "alembic_version"):
            for pragma in ("table_xinfo", "foreign_key_list"):
                found[f"{table} {pragma}"] = connection.execute(f"PRAGMA {pragma}({table})").fetchall()
            indexes = connection.execute(f"PRAGMA index_list({table})").fetchall()
            found[f"{table} indexes"] = {
                (unique, origin, tuple(connection.execute(f"PRAGMA index_info({name})").fetchall()))
                for _, name, unique, origin, _ in indexes
            }
        return found


def test_a_store_that_never_met_the_old_bot_writes_its_schema_all_the_same() -> None:
    assert shape(legacy_schema()) == shape(STATEMENTS)


def test_catalogue_names_every_column_of_the_old_bot() -> None:
    assert {table.name: set(table.names) for table in legacy_catalogue()} == {
        name: set(columns) for name, columns in LEGACY_TABLES.items()
    }


def test_users_come_before_what_refers_to_them() -> None:
    for tables in (own_catalogue(), legacy_catalogue()):
        names = [table.name for table in tables]
        assert names[0] == "users"
        assert all(table.columns for table in tables)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"notes": ["id"]}, "table notes is not in the catalogue"),
        ({"users": ["id", "shoe_size"]}, "column users.shoe_size is not in the catalogue"),
        ({"users": ["id"]}, "column users.email is missing"),
    ],
)
def test_whatever_is_not_mapped_stops_the_move(change: dict[str, list[str]], words: str) -> None:
    found = {table.name: list(table.names) for table in legacy_catalogue()}
    with pytest.raises(SchemaMismatch, match=words):
        require_mapped(legacy_catalogue(), found | change)
