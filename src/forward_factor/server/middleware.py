"""Around every request: a body of bounded size, headers that keep browsers careful, one line in the log."""

from __future__ import annotations

from http import HTTPStatus
from time import perf_counter

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forward_factor.server.errors import CAREFUL_HEADERS, problem

MOST_BYTES = 64 * 1024
API = "/api/"
API_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_QUIET = ("/health", "/health/db", "/metrics", "/api/v1/health", "/api/v1/health/db")
_QUIET_BELOW = ("/_nicegui", "/assets/")
_log = structlog.get_logger("forward_factor.server")


class CarefulHeaders:
    """Adds the headers that an answer lacks; what the API answers is nobody's to keep."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        lacking = CAREFUL_HEADERS | (API_HEADERS if scope["path"].startswith(API) else {})

        async def send_carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in lacking.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_carefully)


class BoundedBody:
    """Refuses bodies over ``most_bytes``, by what they say and by what they are."""

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdecimal() or len(said) > len(str(self._most)) or int(said) > self._most:
            refusal = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_entity_too_large", self._words)
            await refusal(scope, receive, send)
            return
        seen = 0

        async def receive_some() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._words)
            return message

        await self._app(scope, receive_some, send)

    @property
    def _words(self) -> str:
        return f"a body has {self._most:,} bytes at most"


class RequestLog:
    """Logs method, path, status and time; never a query, which may hold what is nobody's business."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 0

        async def send_and_see(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            path = scope["path"]
            say = _log.debug if path in _QUIET or path.startswith(_QUIET_BELOW) else _log.info
            ms = round((perf_counter() - began) * 1000, 1)
            say("request", method=scope["method"], path=path, status=int(status or 500), ms=ms)
