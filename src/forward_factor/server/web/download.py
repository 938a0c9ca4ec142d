"""What a browser downloads: plain answers over HTTP, under the session of the page."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from forward_factor.errors import ForwardFactorError, NotAuthenticated
from forward_factor.server.deps import BackendOf
from forward_factor.server.errors import status_of, words_of
from forward_factor.server.web.plain import show_problem
from forward_factor.server.web.signals.choice import parse_choice
from forward_factor.server.web.signals.export import csv_of
from forward_factor.server.web.visit import login_path, open_visit

router = APIRouter(include_in_schema=False)


@router.get("/signals.csv")
async def download_signals(request: Request, backend: BackendOf) -> Response:
    """Return the signals that the page shows with the same query, the newest first."""
    try:
        visit = await open_visit(backend, request)
    except NotAuthenticated:
        return RedirectResponse(login_path("/"), HTTPStatus.SEE_OTHER)
    except ForwardFactorError as fault:
        status = status_of(type(fault))
        return show_problem(request, status, status.phrase, words_of(fault))
    wanted = parse_choice(visit.path).wanted(visit.user.id, visit.now)
    headers = {"Content-Disposition": 'attachment; filename="signals.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(csv_of(visit, wanted), headers=headers, media_type="text/csv; charset=utf-8")
