"""The account's password, sessions and end: plain forms, so that the session's cookie changes with an answer over HTTP.

Each asks for the password again where nothing brings back what was done, and counts wrong ones as the API does.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from forward_factor.core.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
from forward_factor.errors import ForwardFactorError, InvalidInput
from forward_factor.server.deps import BackendOf
from forward_factor.server.errors import status_of, words_of
from forward_factor.server.web.cookies import forget_session, keep_session
from forward_factor.server.web.origin import refuse_foreign
from forward_factor.server.web.own_files import visit_of
from forward_factor.server.web.plain import show_plain
from forward_factor.server.web.visit import Visit
from forward_factor.services.change_password import change_password
from forward_factor.services.delete_account import delete_account
from forward_factor.services.issue_session import IssuedSession
from forward_factor.services.sign_out import sign_out

router = APIRouter(prefix="/account", include_in_schema=False)
Text = Annotated[str, Form(max_length=LONGEST_PASSWORD)]
OwnForm = Depends(refuse_foreign)


@router.get("/password")
async def read_password_form(request: Request, backend: BackendOf) -> Response:
    """Return the form."""
    visit = await visit_of(backend, request, request.url.path)
    return visit if isinstance(visit, Response) else _form(request, "password.html", "Change the password")


@router.post("/password", dependencies=[OwnForm])
async def set_own_password(
    request: Request, backend: BackendOf, password: Text = "", new: Text = "", again: Text = ""
) -> Response:
    """Change the password: every session ends, and this browser goes on in a new one."""
    visit = await visit_of(backend, request, request.url.path)
    if isinstance(visit, Response):
        return visit
    try:
        if new != again:
            raise InvalidInput("the new password was written in two ways: write it twice the same")
        session = await _changed(visit, password, new)
    except ForwardFactorError as fault:
        return _form(request, "password.html", "Change the password", fault)
    response = RedirectResponse("/account?done=password", HTTPStatus.SEE_OTHER)
    keep_session(request, response, session.refresh_token, backend.application.web_session_life)
    return response


@router.post("/sessions", dependencies=[OwnForm])
async def end_all_sessions(request: Request, backend: BackendOf) -> Response:
    """End all sessions of the account, here and everywhere."""
    visit = await visit_of(backend, request, "/account")
    if isinstance(visit, Response):
        return visit
    await sign_out(visit.store, backend.application.clock, visit.caller, everywhere=True)
    response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    forget_session(response)
    return response


@router.get("/delete")
async def read_delete_form(request: Request, backend: BackendOf) -> Response:
    """Return the form."""
    visit = await visit_of(backend, request, request.url.path)
    return visit if isinstance(visit, Response) else _form(request, "delete.html", "Delete the account")


@router.post("/delete", dependencies=[OwnForm])
async def delete_own_account(request: Request, backend: BackendOf, password: Text = "") -> Response:
    """Delete the account and all that is of it, for good."""
    visit = await visit_of(backend, request, request.url.path)
    if isinstance(visit, Response):
        return visit
    try:
        await backend.gate.pass_password(visit.address, visit.user.id)
        await delete_account(visit.store, backend.application.passwords, visit.user.id, password)
    except ForwardFactorError as fault:
        return _form(request, "delete.html", "Delete the account", fault)
    response = show_plain(request, "deleted.html", title="Deleted")
    forget_session(response)
    return response


async def _changed(visit: Visit, password: str, new: str) -> IssuedSession:
    backend, user_id = visit.backend, visit.user.id
    await backend.gate.pass_password(visit.address, user_id)
    issuer = await backend.web_issuer(visit.store)
    session = await change_password(visit.store, backend.application.passwords, issuer, user_id, password, new)
    await backend.gate.forgive(visit.address, user_id)
    return session


def _form(request: Request, template: str, title: str, fault: ForwardFactorError | None = None) -> Response:
    status = HTTPStatus.OK if fault is None else status_of(type(fault))
    words = "" if fault is None else words_of(fault)
    told = words[:1].upper() + words[1:] + "." if words else ""
    return show_plain(request, template, status, title=title, fault=told, shortest=SHORTEST_PASSWORD)
