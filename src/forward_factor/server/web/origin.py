"""Who may post a form or open a socket: this server's own pages, and programs that are no browsers."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from forward_factor.errors import NotAllowed

_OWN = {"same-origin", "none"}


def is_foreign(headers: Headers) -> bool:
    """Return whether a browser sends this for another site's page.

    Browsers say so by ``Sec-Fetch-Site``, older ones by ``Origin`` alone; what says neither is no browser, and holds no
    cookie that it was not given.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in _OWN
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


async def refuse_foreign(request: Request) -> None:
    """Let a form of this server's own pages through.

    Raises:
        NotAllowed: it comes from elsewhere.

    """
    if is_foreign(request.headers):
        raise NotAllowed("this form was sent from another site's page")


class OwnSockets:
    """Refuses what other sites' pages ask of the sockets under ``path``."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or go on with a socket."""
        is_socket = scope["type"] in {"http", "websocket"} and scope["path"].startswith(self._path)
        if not is_socket or not is_foreign(Headers(scope=scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse("refused", HTTPStatus.FORBIDDEN)(scope, receive, send)
