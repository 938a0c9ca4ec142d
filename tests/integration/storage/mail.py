"""Messages that are owed, written straight into the store, and users with chats to send them to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from forward_factor.clock import FixedClock
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.messages import MessageFacts, MessageKind, NoticeFacts
from forward_factor.services.chat_views import LinkedChat
from forward_factor.services.deliver_messages import DeliverMessages
from forward_factor.services.ports.chats import Correspondent
from forward_factor.services.register_chat import register_chat
from forward_factor.storage.facts_json import facts_to_json
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Delivery, Notification, table_of
from tests.fakes.notifier import ScriptedNotifier
from tests.integration.storage.accounts import NOW

LATER = NOW + timedelta(minutes=1)


@asynccontextmanager
async def delivering(store: Store, notifier: ScriptedNotifier, clock: FixedClock) -> AsyncIterator[None]:
    """Deliver within."""
    stop = asyncio.Event()
    running = asyncio.create_task(DeliverMessages(store, notifier, clock, look_every_s=0.02).run(stop))
    yield
    stop.set()
    await asyncio.wait_for(running, 20)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def newcomer(store: Store, chat_id: str, at: datetime = NOW) -> LinkedChat:
    """Return the new account of a chat."""
    chat = Correspondent(chat_id, f"Chat {chat_id}", f"user{chat_id}")
    return await register_chat(store, FixedClock(at), AccountSettings(), chat)


async def owe(
    store: Store,
    user_id: str,
    chat_ids: Sequence[str],
    *texts: str,
    at: datetime = NOW,
    kind: MessageKind = MessageKind.NOTICE,
    facts: MessageFacts | None = None,
) -> list[str]:
    """Owe the chats of a user one message for each of ``texts``, a microsecond apart; return the notifications."""
    told: list[dict[str, Any]] = []
    for number, text in enumerate(texts):
        created_at = at + timedelta(microseconds=number)
        told.append({
            "id": f"n-{user_id[:8]}-{text}",
            "user_id": user_id,
            "kind": kind.value,
            "dedupe_key": f"{user_id}|{text}",
            "created_at": created_at,
            "due_at": created_at,
            "state": "open",
            "facts": facts_to_json(facts or NoticeFacts(text=text)),
        })  # fmt: skip
    owed = [
        {
            "notification_id": one["id"],
            "chat_id": chat_id,
            "position": int(one["created_at"].timestamp() * 1e6),
            "state": "open",
            "attempts": 0,
            "next_try_at": one["created_at"],
        }
        for one in told
        for chat_id in chat_ids
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(Notification)), told)
        await connection.execute(insert(table_of(Delivery)), owed)
    return [one["id"] for one in told]


async def states(store: Store, chat_id: str) -> list[tuple[str, int]]:
    """Return state and attempts of what is or was on its way to a chat, in its order."""
    table = table_of(Delivery)
    of_chat = select(table.c.state, table.c.attempts).where(table.c.chat_id == chat_id).order_by(table.c.position)
    async with store.engine.connect() as connection:
        return [(row.state, row.attempts) for row in (await connection.execute(of_chat)).all()]
