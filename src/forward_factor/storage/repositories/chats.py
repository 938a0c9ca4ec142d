"""Whose each chat is. ``users.telegram_chat_id``, which the old bot knows, stays the first of a user's chats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import ACTIVE, Role
from forward_factor.services.chat_views import ChatView, LinkedChat
from forward_factor.services.ports.chats import Correspondent
from forward_factor.storage import bulk
from forward_factor.storage.repositories.users import user_view
from forward_factor.storage.settings_columns import columns_of
from forward_factor.storage.tables import (
    AlertMark,
    BacktestRun,
    Delivery,
    Notification,
    Reminder,
    SignalUserDecision,
    TelegramChat,
    User,
    UserSettings,
    table_of,
)

GOES_ALONG = (TelegramChat, SignalUserDecision, Reminder, Notification, BacktestRun)
"""What goes with an account into another; its watchlist goes by the watchlists' own rules, its alert marks merge."""

_ADOPT = """
INSERT INTO telegram_chats (chat_id, user_id, title, is_active, linked_at)
SELECT trim(telegram_chat_id), id, telegram_username, true, created_at FROM users
WHERE trim(telegram_chat_id) <> '' {more}
ON CONFLICT DO NOTHING
"""


class SqlChatRepository:
    """Chats on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._chats = table_of(TelegramChat)
        self._users = table_of(User)

    async def find(self, chat_id: str) -> LinkedChat | None:
        """Return a chat with its user."""
        chats, users = self._chats, self._users
        of_chat = [chats.c[name].label(f"chat_{name}") for name in ("user_id", "title", "is_active", "linked_at")]
        joined = users.join(chats, chats.c.user_id == users.c.id)
        found = select(users, *of_chat).select_from(joined).where(chats.c.chat_id == chat_id)
        row = (await self._connection.execute(found)).first()
        if row is None:
            return None
        chat = ChatView(
            chat_id=chat_id,
            user_id=row.chat_user_id,
            title=row.chat_title,
            is_active=row.chat_is_active,
            linked_at=row.chat_linked_at,
        )
        return LinkedChat(chat, user_view(row))

    async def of_user(self, user_id: str) -> Sequence[ChatView]:
        """Return a user's chats, the first linked first."""
        table = self._chats
        in_order = (table.c.linked_at.is_not(None), table.c.linked_at, table.c.chat_id)
        rows = await self._connection.execute(select(table).where(table.c.user_id == user_id).order_by(*in_order))
        return [_view(row) for row in rows.all()]

    async def adopt(self, chat_id: str | None = None) -> int:
        """Make chats of users of the old bot theirs, or the one with that number; return how many were not yet."""
        more = "" if chat_id is None else "AND trim(telegram_chat_id) = :chat_id"
        values = {} if chat_id is None else {"chat_id": chat_id}
        return (await self._connection.execute(text(_ADOPT.format(more=more)), values)).rowcount

    async def add(self, user_id: str, chat: Correspondent, at: datetime) -> bool:
        """Make a chat a user's, unless it is somebody's; it is their first if they have none."""
        row: dict[str, Sequence[Any]] = {
            "chat_id": [chat.chat_id],
            "user_id": [user_id],
            "title": [chat.title],
            "is_active": [True],
            "linked_at": [at],
        }
        if not await bulk.insert_new(self._connection, self._chats, row, ["chat_id"]):
            return False
        await self._set_first(user_id)
        return True

    async def register(self, user_id: str, chat: Correspondent, settings: AccountSettings, at: datetime) -> bool:
        """Store an account that only Telegram knows, with its chat; False if the chat is somebody's."""
        row: dict[str, Sequence[Any]] = {
            "id": [user_id],
            "telegram_chat_id": [chat.chat_id],
            "telegram_username": [chat.username],
            "role": [Role.USER.value],
            "created_at": [at],
            "status": [ACTIVE],
        }
        # two that register the same chat at once meet at its unique number: the second waits, and is not new
        if not await bulk.insert_new(self._connection, self._users, row, ["id"]):
            return False
        if not await self.add(user_id, chat, at):
            await self._connection.execute(delete(self._users).where(self._users.c.id == user_id))
            return False
        columns = {name: [value] for name, value in columns_of(settings).items()}
        await bulk.insert_columns(self._connection, table_of(UserSettings), {"user_id": [user_id], **columns})
        return True

    async def set_active(self, chat_id: str, *, active: bool) -> bool:
        """Say whether a chat takes messages; False if that was known, or nobody has the chat."""
        table = self._chats
        changed = update(table).where(table.c.chat_id == chat_id, table.c.is_active.is_(not active))
        return (await self._connection.execute(changed.values(is_active=active))).rowcount == 1

    async def give(self, chat_id: str, user_id: str, at: datetime) -> None:
        """Make somebody's chat another user's."""
        chats, users = self._chats, self._users
        of_chat = select(chats.c.user_id).where(chats.c.chat_id == chat_id).with_for_update()
        before = (await self._connection.execute(of_chat)).scalar_one_or_none()
        given = update(chats).where(chats.c.chat_id == chat_id).values(user_id=user_id, linked_at=at)
        await self._connection.execute(given)
        was_first = update(users).where(func.trim(users.c.telegram_chat_id) == chat_id, users.c.id != user_id)
        await self._connection.execute(was_first.values(telegram_chat_id=None))
        for one in (before, user_id):
            await self._set_first(one)

    async def remove(self, user_id: str, chat_id: str) -> bool:
        """Forget one of a user's chats, and what is on its way to it; False if it is none of theirs."""
        chats, users, deliveries = self._chats, self._users, table_of(Delivery)
        own = delete(chats).where(chats.c.chat_id == chat_id, chats.c.user_id == user_id)
        if (await self._connection.execute(own)).rowcount != 1:
            return False
        await self._connection.execute(delete(deliveries).where(deliveries.c.chat_id == chat_id))
        was_first = update(users).where(func.trim(users.c.telegram_chat_id) == chat_id, users.c.id == user_id)
        await self._connection.execute(was_first.values(telegram_chat_id=None))
        await self._set_first(user_id)
        return True

    async def renumber(self, old: str, new: str) -> None:
        """Have a chat, with all that is on its way to it, go on under another number."""
        if old == new:
            return
        chats, users, deliveries = self._chats, self._users, table_of(Delivery)
        new_chat, new_first = chats.alias(), users.alias()
        is_free = ~exists().where(new_chat.c.chat_id == new)
        await self._connection.execute(update(chats).where(chats.c.chat_id == old, is_free).values(chat_id=new))
        await self._connection.execute(delete(chats).where(chats.c.chat_id == old))
        is_free = ~exists().where(new_first.c.telegram_chat_id == new)
        was_first = update(users).where(users.c.telegram_chat_id == old, is_free)
        await self._connection.execute(was_first.values(telegram_chat_id=new))
        twin = deliveries.alias()
        is_alone = ~exists().where(twin.c.notification_id == deliveries.c.notification_id, twin.c.chat_id == new)
        to_old = update(deliveries).where(deliveries.c.chat_id == old, is_alone)
        await self._connection.execute(to_old.values(chat_id=new))

    async def absorb(self, user_id: str, into: str) -> None:
        """Give all that one account has, but for its watchlist, to another, and delete it."""
        await self._merge_marks(user_id, into)
        for model in GOES_ALONG:
            table = table_of(model)
            await self._connection.execute(update(table).where(table.c.user_id == user_id).values(user_id=into))
        await self._connection.execute(delete(self._users).where(self._users.c.id == user_id))
        await self._set_first(into)

    async def _merge_marks(self, user_id: str, into: str) -> None:
        marks, other = table_of(AlertMark), table_of(AlertMark).alias()
        of_pair = [column.name for column in marks.primary_key if column.name != "user_id"]
        is_double = exists().where(other.c.user_id == into, *(marks.c[name] == other.c[name] for name in of_pair))
        await self._connection.execute(delete(marks).where(marks.c.user_id == user_id, is_double))
        await self._connection.execute(update(marks).where(marks.c.user_id == user_id).values(user_id=into))

    async def _set_first(self, user_id: str | None) -> None:
        """Have a user who has no first chat have one, if any."""
        chats, users = self._chats, self._users
        first = select(chats.c.chat_id).where(chats.c.user_id == user_id).order_by(chats.c.linked_at, chats.c.chat_id)
        taken = users.alias()
        is_free = ~exists().where(taken.c.telegram_chat_id == first.limit(1).scalar_subquery())
        without = update(users).where(users.c.id == user_id, users.c.telegram_chat_id.is_(None), is_free)
        await self._connection.execute(without.values(telegram_chat_id=first.limit(1).scalar_subquery()))


def _view(row: Row[Any]) -> ChatView:
    return ChatView(
        chat_id=row.chat_id, user_id=row.user_id, title=row.title, is_active=row.is_active, linked_at=row.linked_at
    )
