"""One visit to one page: who looks, and what their clicks may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Request
from nicegui import ui

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import Role
from forward_factor.errors import ForwardFactorError, NotAuthenticated
from forward_factor.server.deps import Backend, get_address
from forward_factor.server.errors import words_of
from forward_factor.server.news import News
from forward_factor.server.web.cookies import is_dark, read_session
from forward_factor.server.web.palette import DARK, LIGHT, Palette
from forward_factor.services.authenticate import Caller
from forward_factor.services.read_settings import read_settings
from forward_factor.services.recognise_session import recognise_session
from forward_factor.services.views import UserView
from forward_factor.storage.store import Store

Action = Callable[..., Awaitable[None]]
LISTENS_EVERY_S = 1.0


@dataclass(slots=True)
class Visit:
    """A page somebody has open.

    Attributes:
        settings: the person's own, as they were when the page was opened.
        address: the client's, for limits by address.

    """

    backend: Backend
    store: Store
    caller: Caller
    settings: AccountSettings
    palette: Palette
    address: str
    path: str
    _token: str = field(repr=False)
    _is_away: bool = False

    @property
    def user(self) -> UserView:
        """Return the account of the person."""
        return self.caller.user

    @property
    def is_admin(self) -> bool:
        """Return whether the person is an administrator."""
        return self.user.role is Role.ADMIN

    @property
    def now(self) -> datetime:
        """Return the present instant by the application's clock, UTC."""
        return self.backend.application.clock.now()

    @property
    def zone(self) -> ZoneInfo:
        """Return the person's time zone."""
        return ZoneInfo(self.settings.timezone)

    def does(self, action: Action) -> Action:
        """Return ``action`` as an event may call it.

        The session is looked at anew and the request counted first; what is refused is said in a line, and somebody
        whose session has ended is led to the log-in.
        """

        @wraps(action)  # NiceGUI gives the event only to what asks for it
        async def act(*given: Any) -> None:
            try:
                await self._look_again()
                await action(*given)
            except NotAuthenticated:
                self.leave()
            except ForwardFactorError as fault:
                ui.notify(words_of(fault), type="negative", multi_line=True)

        return act

    def every(self, seconds: float, action: Action) -> ui.timer:
        """Do ``action`` again and again while the page is open; a store that is away is told of once."""

        async def act() -> None:
            await self._watch(action)

        return ui.timer(seconds, act, immediate=False)

    async def _watch(self, action: Action) -> None:
        try:
            await self._look_again()
            await action()
            self._is_away = False
        except NotAuthenticated:
            self.leave()
        except ForwardFactorError as fault:
            if not self._is_away:
                ui.notify(words_of(fault), type="warning")
            self._is_away = True

    def on_news(self, action: Callable[[News, News], Awaitable[None]]) -> ui.timer:
        """Do ``action(before, now)`` when there are new signals or decisions of the person's; else it costs nothing."""
        before = self.backend.news.ask(self.user.id)

        async def act() -> None:
            nonlocal before
            now = self.backend.news.ask(self.user.id)
            if now == before:
                return
            last, before = before, now
            await self._watch(lambda: action(last, now))

        return ui.timer(LISTENS_EVERY_S, act, immediate=False)

    def leave(self) -> None:
        """Lead to the log-in, and from there back here."""
        ui.navigate.to(login_path(self.path))

    async def _look_again(self) -> None:
        clock = self.backend.application.clock
        self.caller = await recognise_session(self.store, clock, self._token)
        await self.backend.gate.pass_request(self.user.id)


async def open_visit(backend: Backend, request: Request) -> Visit:
    """Return the visit that a request begins.

    Raises:
        NotAuthenticated: there is no session.
        TooManyRequests: the account asks too much.
        StorageError: the store is away.

    """
    token = read_session(request)
    if token is None:
        raise NotAuthenticated("log in first")
    store = await backend.store.open()
    caller = await recognise_session(store, backend.application.clock, token)
    await backend.gate.pass_request(caller.user.id)
    settings = await read_settings(store, caller.user.id, backend.application.account_settings)
    palette = DARK if is_dark(request) else LIGHT
    return Visit(backend, store, caller, settings, palette, get_address(request), path_of(request), token)


def path_of(request: Request) -> str:
    """Return the path that was asked for, with its query."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def login_path(path: str) -> str:
    """Return the path of the log-in that leads on to ``path``."""
    return f"/login?next={quote(path, safe='')}"
