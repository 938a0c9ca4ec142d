"""The page beside the API: everything that is not the API's path is the page's."""

from __future__ import annotations

from http import HTTPStatus
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import nicegui
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from nicegui import core, ui
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from forward_factor.server.deps import Backend
from forward_factor.server.web import account_forms, entry, own_files
from forward_factor.server.web.origin import OwnSockets
from forward_factor.server.web.plain import show_problem
from forward_factor.server.web.routing import BACKEND

PAGES = (
    "signals",
    "signal",
    "why",
    "watchlist",
    "history",
    "research",
    "research_time",
    "research_prices",
    "research_quality",
    "backtests",
    "backtest_compared",
    "backtest_run",
    "settings",
    "telegram",
    "account",
    "admin",
    "admin_store",
    "admin_users",
)
"""Modules of ``web.pages``; to import one is to add its pages."""
SOCKETS = "/_nicegui_ws/"
RECONNECTS_WITHIN_S = 15.0
CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'"
)
"""NiceGUI writes its pages as inline scripts and Vue compiles templates; nothing comes from, or goes to, elsewhere."""
UNANSWERED = "No response returned."
"""What Starlette says of a layer that sent nothing."""
_NOT_PAGES = ("/api/", "/docs", "/openapi.json", "/health", "/metrics")
_log = structlog.get_logger("forward_factor.server")


class PageMount(Mount):
    """Takes every path but the API's, so that unknown ones of those are still answered by problem details."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        super().__init__("/", app)
        self._backend = backend

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the path is the page's, and the scope with the backend."""
        if scope["type"] == "http" and scope["path"].startswith(_NOT_PAGES):
            return Match.NONE, {}
        match, child = super().matches(scope)
        return match, {**child, BACKEND: self._backend}


class PageHeaders:
    """Adds what a browser is to allow the pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with(message: Any) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                if b"content-security-policy" not in names:
                    message["headers"] = [*message["headers"], (b"content-security-policy", CSP.encode())]
            await send(message)

        await self._app(scope, receive, send_with)


class LeaveTaking:
    """Lets a browser go that leaves before its answer begins: it is no fault, though the layers within say it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        has_left = False

        async def receive_and_see() -> Any:
            nonlocal has_left
            message = await receive()
            has_left |= message["type"] == "http.disconnect"
            return message

        try:
            await self._app(scope, receive_and_see, send)
        except RuntimeError as fault:
            if not has_left or str(fault) != UNANSWERED:
                raise


def add_web(app: FastAPI, backend: Backend) -> None:
    """Add the page to the API's application; a process does it once, for NiceGUI is one application a process."""
    for forms_or_files in (entry, account_forms, own_files):
        app.include_router(forms_or_files.router)
    app.mount("/assets", StaticFiles(directory=Path(str(files("forward_factor.server.web") / "assets"))))
    for page in PAGES:
        import_module(f"forward_factor.server.web.pages.{page}")
    nicegui.app.on_page_exception(_tell_of_failure)
    nicegui.app.add_exception_handler(HTTPStatus.NOT_FOUND, _answer_unknown)
    nicegui.app.add_middleware(PageHeaders)
    ui.run_with(
        app,
        title="Forward Factor",
        language="en-US",
        favicon=Path(str(files("forward_factor.server.web") / "assets" / "mark.svg")),
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECTS_WITHIN_S,
        tailwind=False,
        show_welcome_message=False,
    )
    app.router.routes[-1] = PageMount(LeaveTaking(core.app), backend)
    app.add_middleware(OwnSockets, path=SOCKETS)


def _tell_of_failure(fault: Exception) -> None:
    """Show a bare word; the log has the trace."""
    _log.error("a page failed", exc_info=fault)
    ui.label("Something went wrong on the server; its log says what.").props("role=alert")


async def _answer_unknown(request: Request, _fault: Exception) -> Response:
    return show_problem(request, HTTPStatus.NOT_FOUND, "No such page", "There is no page at this address.")
