"""Accounts that nobody may delete for a while: what belongs to a user is locked, and inserted, after this.

Deleting an account locks it first and then what belongs to it. Whoever did it the other way round could meet a deletion
halfway, each waiting for the other.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.storage.tables import User, table_of

_USERS_A_STATEMENT = 1_000


async def hold_users(connection: AsyncConnection, user_ids: Iterable[str]) -> None:
    """Let nobody delete these users, of those that are there, until this transaction ends."""
    ids, table = sorted(set(user_ids)), table_of(User)
    for start in range(0, len(ids), _USERS_A_STATEMENT):
        some = select(table.c.id).where(table.c.id.in_(ids[start : start + _USERS_A_STATEMENT])).order_by(table.c.id)
        await connection.execute(some.with_for_update(read=True, key_share=True))
