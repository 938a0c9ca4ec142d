"""Which rows are of one account: found by following foreign keys to ``users``, so that no new table is forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, ForeignKey, Table, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.storage.tables import Base, TransferOriginal, TransferQuarantine, User, table_of

SECRET_COLUMNS = frozenset({"password_hash", "token_digest", "code_digest"})
_USERS = table_of(User)
_LEDGERS = (table_of(TransferOriginal), table_of(TransferQuarantine))
_MOVED = ("users", "user_settings", "subscriptions", "signal_user_decisions")
_KEYS_A_STATEMENT = 5_000


def personal_tables() -> Sequence[Table]:
    """Return the tables with rows of accounts, those that others refer to first."""
    return [table for table in Base.metadata.sorted_tables if _is_personal(table)]


def is_of(table: Table, user_id: str) -> ColumnElement[bool]:
    """Return what is true of the rows of ``table`` that are of an account, by themselves or by what they refer to."""
    if table is _USERS:
        return _USERS.c.id == user_id
    ways = [
        key.parent == user_id
        if key.column.table is _USERS
        else key.parent.in_(select(key.column).where(is_of(key.column.table, user_id)))
        for key in _personal_keys(table)
    ]
    return or_(*ways)


async def forget_moved(connection: AsyncConnection, user_id: str) -> None:
    """Delete what a move keeps of the rows of an account beside them: spellings, and versions the store refused."""
    for name in _MOVED:
        table = Base.metadata.tables[name]
        rows = await connection.execute(select(*table.primary_key.columns).where(is_of(table, user_id)))
        keys = [json.dumps(list(row), ensure_ascii=False) for row in rows]
        for ledger in _LEDGERS:
            for start in range(0, len(keys), _KEYS_A_STATEMENT):
                some = ledger.c.row_key.in_(keys[start : start + _KEYS_A_STATEMENT])
                these = and_(ledger.c.table_name == name, some)
                await connection.execute(delete(ledger).where(these))


def _is_personal(table: Table) -> bool:
    return table is _USERS or any(True for _ in _personal_keys(table))


def _personal_keys(table: Table) -> Iterator[ForeignKey]:
    return (key for key in table.foreign_keys if _is_personal(key.column.table))
