"""Sessions without browsers: each opens a page, and holds its socket as a browser would."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import websockets

from tests.e2e.web.sites import PASSWORD, Site

_QUERY = re.compile(r"query: (\{'client_id'[^{}]*\})")


@dataclass(slots=True)
class Session:
    """One open page; ``updates`` is how many changes the server has sent it."""

    updates: int = 0
    bytes_sent: int = 0


@dataclass(slots=True)
class Crowd:
    """Open pages, whose sockets are answered in the background."""

    sessions: list[Session] = field(default_factory=list)


@asynccontextmanager
async def crowd(site: Site, cookies: httpx.Cookies, count: int, path: str = "/") -> AsyncIterator[Crowd]:
    """Open ``path`` in ``count`` sessions of one account, some at a time, until the block ends."""
    made = Crowd()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=site.url, cookies=cookies, timeout=60, trust_env=False)
        )
        group = await stack.enter_async_context(_cancelled_group())
        for start in range(0, count, 5):
            queries = await asyncio.gather(*(_open(client, path) for _ in range(start, min(start + 5, count))))
            for query in queries:
                session = Session()
                url = f"ws://{site.host}/_nicegui_ws/socket.io/?{urlencode(query)}"
                socket = await stack.enter_async_context(websockets.connect(url, proxy=None, max_size=None))
                group.append(asyncio.create_task(_answer(socket, session)))
                made.sessions.append(session)
        yield made


@asynccontextmanager
async def _cancelled_group() -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks: list[asyncio.Task[None]] = []
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _open(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    """Ask for a page; return what its socket is to say."""
    page = await client.get(path)
    assert page.status_code == 200, page.status_code
    found = _QUERY.search(page.text)
    assert found is not None, page.text[-3000:]
    given = ast.literal_eval(found[1])
    ids = {"tab_id": str(uuid4()), "document_id": str(uuid4())}
    return {"EIO": "4", "transport": "websocket", **{name: _text(one) for name, one in given.items()}, **ids}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _answer(socket: websockets.ClientConnection, session: Session) -> None:
    """Join the room, then answer pings, and count what else comes (engine.io 4, socket.io 5)."""
    await socket.recv()
    await socket.send("40")
    async for message in socket:
        if message == "2":
            await socket.send("3")
        elif str(message).startswith("42"):
            session.updates += 1
            session.bytes_sent += len(message)


def register_many(site: Site, count: int) -> Iterator[httpx.Cookies]:
    """Yield the cookies of new accounts."""
    for number in range(count):
        with site.register(f"crowd-{number}@crowd.example") as client:
            yield client.cookies


__all__ = ["PASSWORD", "Crowd", "Session", "crowd", "register_many"]
