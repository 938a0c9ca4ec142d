"""The API as a service: it listens until it is told to stop, and answers what it began."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from forward_factor.bootstrap import Application
from forward_factor.errors import InvalidSettings
from forward_factor.server.app import create_app
from forward_factor.server.web.site import add_web
from forward_factor.storage.late_store import LateStore

GRACE_S = 10
"""Requests that take longer than this after the word to stop are given up."""
_log = structlog.get_logger("forward_factor.server")


class _Server(uvicorn.Server):
    """Uvicorn's server, which leaves signals to the process: it may not be the only service in it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Catch none."""
        yield


async def serve_api(application: Application, stop: asyncio.Event) -> None:
    """Answer HTTP requests until ``stop``; the store may be away at the start, and go and come meanwhile.

    Raises:
        InvalidSettings: the address cannot be listened on.

    """
    settings = application.settings
    listener = _listen(settings.api_host, settings.api_port)
    store = LateStore(application.store)
    app = create_app(application, store)
    add_web(app, app.state.backend)
    trusted = application.trusted_proxies
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted),
            forwarded_allow_ips=trusted,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    serving = asyncio.create_task(server.serve([listener]))
    stopping = asyncio.create_task(stop.wait())
    _log.info("listening", host=settings.api_host, port=settings.api_port)
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        server.should_exit = True
        await app.state.backend.backtests.close()
        await store.close()
        listener.close()
    _log.info("stopped listening")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as fault:
        raise InvalidSettings(f"cannot listen on {host} port {port}: {fault.strerror or fault}") from None
