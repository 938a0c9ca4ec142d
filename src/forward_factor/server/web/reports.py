"""The report of a backtest for whoever has a session of the page: a document of its own, with nothing to run."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from forward_factor.backtest.report import render_report
from forward_factor.errors import ForwardFactorError, NotAuthenticated
from forward_factor.server.deps import BackendOf
from forward_factor.server.errors import status_of, words_of
from forward_factor.server.web.backtest_parts import run_id_of
from forward_factor.server.web.plain import show_problem
from forward_factor.server.web.visit import login_path, open_visit
from forward_factor.services.read_backtest import read_backtest_result

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}
router = APIRouter(include_in_schema=False)


@router.get("/backtests/{run_id}/report")
async def read_report(request: Request, backend: BackendOf, run_id: str) -> Response:
    """Return what came out of a user's backtest as a self-contained page."""
    try:
        visit = await open_visit(backend, request)
        result = await read_backtest_result(visit.store, backend.application.clock, visit.user.id, run_id_of(run_id))
    except NotAuthenticated:
        return RedirectResponse(login_path(request.url.path), HTTPStatus.SEE_OTHER)
    except ForwardFactorError as fault:
        status = status_of(type(fault))
        return show_problem(request, status, status.phrase, words_of(fault))
    return HTMLResponse(await asyncio.to_thread(render_report, result), headers=HEADERS)
