"""Polygon's price stream on 127.0.0.1, well behaved or not, as each connection is told; it runs in the test's loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Literal, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

KEY = "the-right-key"

Ending = Literal["stay", "drop", "close"]


@dataclass(frozen=True, slots=True)
class Play:
    """How one connection goes.

    Attributes:
        http: answer to the handshake in place of the upgrade.
        location: where a redirect points.
        log_in: the status word after the key, None for no answer at all; a wrong key always fails.
        log_in_after_s: before that.
        frames: what is sent after the first subscription, as it is.
        ending: what comes then: nothing more (pings are answered), a lost connection, or a proper end.

    """

    http: int | None = None
    location: str | None = None
    log_in: str | None = "auth_success"
    log_in_after_s: float = 0.0
    frames: tuple[str | bytes, ...] = ()
    ending: Ending = "stay"


@dataclass(slots=True)
class Conversation:
    """What a client said on one connection, and a way to say more to it."""

    connection: ServerConnection
    said: list[dict[str, str]] = field(default_factory=list)
    log_in_answered_before: int | None = None

    @property
    def subscribed(self) -> set[str]:
        """Return what is subscribed to by now."""
        topics: set[str] = set()
        for message in self.said:
            named = set(message["params"].split(","))
            topics = topics | named if message["action"] == "subscribe" else topics
            topics = topics - named if message["action"] == "unsubscribe" else topics
        return topics

    async def send(self, *frames: str | bytes) -> None:
        """Send frames as they are."""
        for frame in frames:
            await self.connection.send(frame)


class StreamServer:
    """The server; connections go by the plays one after the other, the last play repeats."""

    def __init__(self, *plays: Play) -> None:
        self._plays = list(plays) or [Play()]
        self._server: Server | None = None
        self.attempts = 0
        self.conversations: list[Conversation] = []

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        assert self._server is not None
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Return the address of the stream."""
        return f"ws://127.0.0.1:{self.port}/stocks"

    async def start(self, port: int = 0) -> Self:
        """Listen."""
        self._server = await serve(
            self._converse, "127.0.0.1", port, process_request=self._shake_hands, ping_interval=None, close_timeout=0.1
        )
        return self

    async def stop(self) -> None:
        """Close all connections and listen no more."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _shake_hands(self, connection: ServerConnection, request: Request) -> Response | None:
        self.attempts += 1
        play = self._play()
        if play.http is None:
            return None
        response = connection.respond(HTTPStatus(play.http), "no")
        if play.location is not None:
            response.headers["Location"] = play.location
        return response

    def _play(self) -> Play:
        return self._plays[min(self.attempts, len(self._plays)) - 1]

    async def _converse(self, connection: ServerConnection) -> None:
        play, talk = self._play(), Conversation(connection)
        self.conversations.append(talk)
        try:
            await connection.send(status("connected"))
            async for message in connection:
                talk.said.append(json.loads(message))
                await self._answer(play, talk)
        except ConnectionClosed:
            pass

    async def _answer(self, play: Play, talk: Conversation) -> None:
        action = talk.said[-1]["action"]
        if action == "auth":
            await self._log_in(play, talk)
        elif action == "subscribe":
            await talk.connection.send(status("success"))
            if [one["action"] for one in talk.said].count("subscribe") == 1:
                await talk.send(*play.frames)
                await _end(play.ending, talk.connection)

    async def _log_in(self, play: Play, talk: Conversation) -> None:
        word = play.log_in if talk.said[-1]["params"] == KEY else "auth_failed"
        await asyncio.sleep(play.log_in_after_s)
        if word is None:
            return
        talk.log_in_answered_before = len(talk.said)
        await talk.connection.send(status(word))
        if word != "auth_success":
            await talk.connection.close()


async def _end(ending: Ending, connection: ServerConnection) -> None:
    if ending == "drop":
        connection.transport.abort()
    elif ending == "close":
        await connection.close()


def status(word: str) -> str:
    """Return a frame with one status; its message holds the key, which no log may repeat."""
    return json.dumps([{"ev": "status", "status": word, "message": f"about {KEY}"}])


def aggregates(at: datetime, **dollars: float) -> str:
    """Return a frame with the aggregates of a second that ends at ``at``."""
    end_ms = round(at.timestamp() * 1000)
    return json.dumps(
        [
            {"ev": "A", "sym": symbol, "v": 200, "vw": close, "o": close, "c": close, "s": end_ms - 1000, "e": end_ms}
            for symbol, close in dollars.items()
        ]
    )


def topics(tickers: Sequence[str]) -> set[str]:
    """Return the topics of tickers."""
    return {f"A.{ticker}" for ticker in tickers}
