"""What routes need, made once an application or once a request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from forward_factor.bootstrap import Application
from forward_factor.core.accounts import Role
from forward_factor.errors import NotAllowed, NotAuthenticated
from forward_factor.server.limits import RateGate
from forward_factor.server.news import NewsDesk
from forward_factor.services.authenticate import Caller, authenticate
from forward_factor.services.issue_session import IssueSession
from forward_factor.services.run_requested_backtests import RunRequestedBacktests
from forward_factor.storage.late_store import LateStore
from forward_factor.storage.store import Store

_bearer = HTTPBearer(auto_error=False, description="The access token of `POST /api/v1/auth/login`")


@dataclass(slots=True)
class Backend:
    """What is behind the routes; the store may not be there yet, or not at the moment."""

    application: Application
    store: LateStore
    gate: RateGate
    backtests: RunRequestedBacktests
    news: NewsDesk = field(init=False, repr=False)
    _issuer: IssueSession | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.news = NewsDesk(self.store, self.application.clock)

    async def issuer(self, store: Store) -> IssueSession:
        """Return what makes and reads the tokens of sessions."""
        if self._issuer is None:
            self._issuer = await self.application.session_issuer(store)
        return self._issuer

    async def web_issuer(self, store: Store) -> IssueSession:
        """Return what makes the sessions of browsers, which are shorter."""
        issuer = await self.issuer(store)
        return replace(issuer, terms=replace(issuer.terms, refresh=self.application.web_session_life))


def get_backend(request: Request) -> Backend:
    """Return what is behind the routes of this application."""
    backend: Backend = request.app.state.backend
    return backend


BackendOf = Annotated[Backend, Depends(get_backend)]


async def get_store(backend: BackendOf) -> Store:
    """Return the store.

    Raises:
        StoreUnavailable, SchemaMismatch: it cannot be opened now.

    """
    return await backend.store.open()


OpenStore = Annotated[Store, Depends(get_store)]


async def get_issuer(backend: BackendOf, store: OpenStore) -> IssueSession:
    """Return what makes and reads the tokens of sessions."""
    return await backend.issuer(store)


Issuer = Annotated[IssueSession, Depends(get_issuer)]


def get_address(request: Request) -> str:
    """Return the client's address; a proxy's word on it counts only where the settings say so."""
    return request.client.host if request.client else ""


ClientAddress = Annotated[str, Depends(get_address)]


async def limit_auth(backend: BackendOf, address: ClientAddress) -> None:
    """Count a request to register, log in or refresh."""
    await backend.gate.pass_auth(address)


async def get_caller(
    backend: BackendOf,
    store: OpenStore,
    issuer: Issuer,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return whose token came with the request.

    Raises:
        NotAuthenticated: none came, or it is not good any more.
        TooManyRequests: its account asks too much.

    """
    if token is None:
        raise NotAuthenticated("log in, and send the access token as `Authorization: Bearer …`")
    caller = await authenticate(store, issuer.tokens, issuer.clock, token.credentials)
    await backend.gate.pass_request(caller.user.id)
    return caller


CallerOf = Annotated[Caller, Depends(get_caller)]


async def get_admin(caller: CallerOf) -> Caller:
    """Return the caller, an administrator.

    Raises:
        NotAllowed: an ordinary user.

    """
    if caller.user.role is not Role.ADMIN:
        raise NotAllowed("this is for administrators")
    return caller


AdminOf = Annotated[Caller, Depends(get_admin)]


def get_now(backend: BackendOf) -> datetime:
    """Return the present instant by the application's clock."""
    return backend.application.clock.now()


Now = Annotated[datetime, Depends(get_now)]
