"""Log in, register, log out: plain forms, so that the session's cookie comes and goes with an answer over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from forward_factor.core.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
from forward_factor.errors import ForwardFactorError, NotAllowed, NotAuthenticated
from forward_factor.server.deps import Backend, BackendOf, ClientAddress
from forward_factor.server.errors import status_of, words_of
from forward_factor.server.web.cookies import forget_session, keep_session, read_session
from forward_factor.server.web.origin import refuse_foreign
from forward_factor.server.web.plain import show_plain
from forward_factor.services.issue_session import IssuedSession
from forward_factor.services.recognise_session import recognise_session
from forward_factor.services.register_user import register_user
from forward_factor.services.sign_in import sign_in
from forward_factor.services.sign_out import sign_out

HOME = "/"
LONGEST_PATH = 500
router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=LONGEST_PASSWORD)]
OwnForm = Depends(refuse_foreign)


@router.get("/login")
async def read_login(request: Request, backend: BackendOf, next: str = HOME) -> Response:  # noqa: A002 - the query's name
    """Return the form."""
    return _login_form(request, backend, own_path(next))


@router.post("/login", dependencies=[OwnForm])
async def log_in(
    request: Request,
    backend: BackendOf,
    address: ClientAddress,
    email: Text = "",
    password: Text = "",
    next: Text = HOME,  # noqa: A002 - the form's name
) -> Response:
    """Begin a session and go on to where the person was heading; else the form again, with why not."""
    target = own_path(next)
    try:
        session = await _begin_session(backend, address, email, password)
    except ForwardFactorError as fault:
        return _login_form(request, backend, target, email, fault)
    return _entered(request, backend, session, target)


@router.get("/register")
async def read_register(request: Request, backend: BackendOf) -> Response:
    """Return the form."""
    return _register_form(request, backend)


@router.post("/register", dependencies=[OwnForm])
async def register(
    request: Request, backend: BackendOf, address: ClientAddress, email: Text = "", password: Text = ""
) -> Response:
    """Make an account, where the installation is open to new ones, and begin its first session."""
    one = backend.application
    try:
        if not one.settings.registration_open:
            raise NotAllowed("this installation takes no new accounts: ask its administrator")
        await backend.gate.pass_auth(address)
        store = await backend.store.open()
        await register_user(store, one.passwords, one.clock, one.account_settings, email, password)
        session = await _begin_session(backend, address, email, password)
    except ForwardFactorError as fault:
        return _register_form(request, backend, email, fault)
    return _entered(request, backend, session, "/watchlist")


@router.post("/logout", dependencies=[OwnForm])
async def log_out(request: Request, backend: BackendOf) -> Response:
    """End the session."""
    response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    forget_session(response)
    token = read_session(request)
    if token is not None:
        store, clock = await backend.store.open(), backend.application.clock
        try:
            await sign_out(store, clock, await recognise_session(store, clock, token))
        except NotAuthenticated:
            return response
    return response


def own_path(target: str) -> str:
    """Return ``target`` if it is a path of this server's, else the way home: nobody is led away by a link."""
    parts = urlsplit(target) if target.isprintable() and len(target) <= LONGEST_PATH else urlsplit("")
    is_own = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_own and not parts.scheme and not parts.netloc and parts.path else HOME


async def _begin_session(backend: Backend, address: str, email: str, password: str) -> IssuedSession:
    await backend.gate.pass_auth(address)
    await backend.gate.pass_password(address, email)
    store = await backend.store.open()
    session = await sign_in(store, backend.application.passwords, await backend.web_issuer(store), email, password)
    await backend.gate.forgive(address, email)
    return session


def _entered(request: Request, backend: Backend, session: IssuedSession, target: str) -> Response:
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER)
    keep_session(request, response, session.refresh_token, backend.application.web_session_life)
    return response


def _login_form(
    request: Request, backend: Backend, target: str, email: str = "", fault: ForwardFactorError | None = None
) -> Response:
    is_open = backend.application.settings.registration_open
    status, words = _told(fault)
    return show_plain(
        request, "login.html", status, title="Log in", next=target, email=email, fault=words, is_open=is_open
    )


def _register_form(
    request: Request, backend: Backend, email: str = "", fault: ForwardFactorError | None = None
) -> Response:
    is_open = backend.application.settings.registration_open
    status, words = _told(fault)
    return show_plain(
        request,
        "register.html",
        status,
        title="Make an account",
        email=email,
        fault=words,
        is_open=is_open,
        shortest=SHORTEST_PASSWORD,
    )


def _told(fault: ForwardFactorError | None) -> tuple[int, str]:
    if fault is None:
        return HTTPStatus.OK, ""
    words = words_of(fault)
    return status_of(type(fault)), words[:1].upper() + words[1:] + "."
