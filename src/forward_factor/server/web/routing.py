"""What makes a function a page: who looks is found out first, what goes wrong is told in words."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from nicegui import ui

from forward_factor.errors import ForwardFactorError, NotAllowed, NotAuthenticated
from forward_factor.server.deps import Backend
from forward_factor.server.web.frame import framed
from forward_factor.server.web.plain import show_fault
from forward_factor.server.web.visit import login_path, open_visit, path_of

BACKEND = "forward_factor.backend"
"""The key of the backend in the scope of a request."""
BUILT_WITHIN_S = 20.0
Build = Callable[..., Awaitable[None]]


def web_page(path: str, title: str, *, for_admins: bool = False) -> Callable[[Build], Build]:
    """Make ``build(visit, …)`` the page at ``path``; its further parameters are those of the path and the query."""

    def decorate(build: Build) -> Build:
        async def show(request: Request, **given: Any) -> Response | None:
            backend: Backend = request.scope[BACKEND]
            try:
                visit = await open_visit(backend, request)
                if for_admins and not visit.is_admin:
                    raise NotAllowed("this page is for administrators")
                with framed(visit, path):
                    await build(visit, **given)
            except NotAuthenticated:
                return RedirectResponse(login_path(path_of(request)), HTTPStatus.SEE_OTHER)
            except ForwardFactorError as fault:
                return show_fault(request, fault)
            return None

        show.__signature__ = _signature(build)  # type: ignore[attr-defined]
        ui.page(path, title=f"{title} · Forward Factor", response_timeout=BUILT_WITHIN_S)(show)
        return build

    return decorate


def _signature(build: Build) -> inspect.Signature:
    """Return the parameters of a page as the framework is to see them: all of ``build`` but the visit."""
    request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    _visit, *rest = inspect.signature(build, eval_str=True).parameters.values()
    return inspect.Signature([request, *rest])
