"""Which accounts count as active, in SQL."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.accounts import ACTIVE_STATUSES
from forward_factor.storage.given_rows import TEXT, given_rows
from forward_factor.storage.tables import User, table_of

_USERS = table_of(User)


def is_active_user() -> ColumnElement[bool]:
    """Return the condition on ``users`` that ``core.accounts.is_active`` is on a status."""
    return func.coalesce(func.lower(func.trim(_USERS.c.status)), "").in_(ACTIVE_STATUSES)


async def hold_users(connection: AsyncConnection, user_ids: Iterable[str]) -> frozenset[str]:
    """Return those of ``user_ids`` that are there, and let nobody delete them until this transaction ends.

    What belongs to a user is inserted after this: a user deleted at the same moment would break it.
    """
    wanted = given_rows(connection.dialect, "wanted", [("id", TEXT, sorted(set(user_ids)))])
    statement = select(_USERS.c.id).join(wanted, wanted.c.id == _USERS.c.id).order_by(_USERS.c.id)
    held = statement.with_for_update(read=True, key_share=True, of=_USERS)
    return frozenset((await connection.execute(held)).scalars().all())
