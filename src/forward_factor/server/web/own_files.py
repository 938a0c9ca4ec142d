"""What is a person's own, as files: plain answers over HTTP, under the session of the page."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from forward_factor.errors import ForwardFactorError, NotAuthenticated
from forward_factor.server.deps import Backend, BackendOf
from forward_factor.server.errors import status_of, words_of
from forward_factor.server.web.decision_rows import csv_of_decisions
from forward_factor.server.web.plain import show_problem
from forward_factor.server.web.visit import Visit, login_path, open_visit
from forward_factor.services.export_account import export_account

router = APIRouter(include_in_schema=False)


@router.get("/history.csv")
async def download_history(request: Request, backend: BackendOf) -> Response:
    """Return all decisions of the person, the newest first."""
    visit = await visit_of(backend, request, "/history")
    if isinstance(visit, Response):
        return visit
    lines = csv_of_decisions(visit.store, visit.user.id)
    return StreamingResponse(lines, headers=_as_file("history.csv"), media_type="text/csv; charset=utf-8")


@router.get("/account.json")
async def download_account(request: Request, backend: BackendOf) -> Response:
    """Return all that is kept about the account as one JSON document; hashes of secrets are left out."""
    visit = await visit_of(backend, request, "/account")
    if isinstance(visit, Response):
        return visit
    exported = await export_account(visit.store.account_records, backend.application.clock, visit.user.id)
    content = msgspec.json.encode(exported.document())
    return Response(content, headers=_as_file("forward-factor-account.json"), media_type="application/json")


async def visit_of(backend: Backend, request: Request, page: str) -> Visit | Response:
    """Return who asks; else the way to the log-in, and from there to ``page``, or what is wrong."""
    try:
        return await open_visit(backend, request)
    except NotAuthenticated:
        return RedirectResponse(login_path(page), HTTPStatus.SEE_OTHER)
    except ForwardFactorError as fault:
        status = status_of(type(fault))
        return show_problem(request, status, status.phrase, words_of(fault))


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
