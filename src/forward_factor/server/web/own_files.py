"""What a browser takes away as a file: plain answers over HTTP, under the session of the page."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from forward_factor.backtest.report import render_report
from forward_factor.errors import ForwardFactorError, NotAuthenticated
from forward_factor.server.deps import Backend, BackendOf
from forward_factor.server.web.backtest_parts import run_id_of
from forward_factor.server.web.decision_rows import csv_of_decisions
from forward_factor.server.web.plain import show_fault
from forward_factor.server.web.signals.choice import parse_choice
from forward_factor.server.web.signals.export import csv_of
from forward_factor.server.web.visit import Visit, login_path, open_visit
from forward_factor.services.export_account import export_account
from forward_factor.services.read_backtest import read_backtest_result

CSV = "text/csv; charset=utf-8"
REPORT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}
router = APIRouter(include_in_schema=False)


@router.get("/signals.csv")
async def download_signals(request: Request, backend: BackendOf) -> Response:
    """Return the signals that the page shows with the same query, the newest first."""
    visit = await visit_of(backend, request, "/")
    if isinstance(visit, Response):
        return visit
    wanted = parse_choice(visit.path).wanted(visit.user.id, visit.now)
    return StreamingResponse(csv_of(visit, wanted), headers=_as_file("signals.csv"), media_type=CSV)


@router.get("/history.csv")
async def download_history(request: Request, backend: BackendOf) -> Response:
    """Return all decisions of the person, the newest first."""
    visit = await visit_of(backend, request, "/history")
    if isinstance(visit, Response):
        return visit
    lines = csv_of_decisions(visit.store, visit.user.id)
    return StreamingResponse(lines, headers=_as_file("history.csv"), media_type=CSV)


@router.get("/backtests/{run_id}/report")
async def read_report(request: Request, backend: BackendOf, run_id: str) -> Response:
    """Return what came out of a user's backtest as a self-contained page, with nothing in it to run."""
    visit = await visit_of(backend, request, request.url.path)
    if isinstance(visit, Response):
        return visit
    try:
        result = await read_backtest_result(visit.store, backend.application.clock, visit.user.id, run_id_of(run_id))
    except ForwardFactorError as fault:
        return show_fault(request, fault)
    return HTMLResponse(await asyncio.to_thread(render_report, result), headers=REPORT_HEADERS)


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
        return show_fault(request, fault)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
