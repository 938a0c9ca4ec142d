"""The application: routers, errors, and what is around every request."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from forward_factor import __version__
from forward_factor.bootstrap import Application
from forward_factor.server import docs
from forward_factor.server.api import (
    accounts,
    admin,
    backtests,
    candidates,
    decisions,
    health,
    reminders,
    settings,
    signals,
    stats,
    telegram,
    tickers,
    watchlist,
)
from forward_factor.server.deps import Backend
from forward_factor.server.errors import add_error_handlers
from forward_factor.server.limits import RateGate, RateLimits
from forward_factor.server.metrics import add_metrics
from forward_factor.server.middleware import BoundedBody, CarefulHeaders, RequestLog
from forward_factor.server.openapi import API_PREFIX, describe, name_operation
from forward_factor.storage.late_store import LateStore

DESCRIPTION = """Front-month implied volatility that is dear against the forward volatility behind it.

Vols, factors and shares are decimals (0.25 = 25 %), instants are UTC, missing numbers are null. Log in at
`POST /api/v1/auth/login` and send the access token as `Authorization: Bearer …`. Errors are problem details (RFC 9457).
"""
ROUTERS = (
    accounts, watchlist, signals, candidates, tickers, settings, decisions, reminders, telegram, backtests, stats,
    admin,
)  # fmt: skip


def create_app(application: Application, store: LateStore, limits: RateLimits | None = None) -> FastAPI:
    """Return the API over a store that may open later."""
    app = FastAPI(
        title="Forward Factor",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=name_operation,
        redirect_slashes=False,
    )
    backend = Backend(application, store, RateGate(limits or RateLimits()), application.backtests())
    app.state.backend = backend
    api = APIRouter(prefix=API_PREFIX)
    for module in ROUTERS:
        api.include_router(module.router)
    api.include_router(health.router)
    app.include_router(api)
    app.include_router(health.router, include_in_schema=False)
    app.include_router(docs.router)
    add_error_handlers(app)
    add_metrics(app, backend)
    _surround(app, application)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


def _surround(app: FastAPI, application: Application) -> None:
    """Add what is around every request, the innermost first."""
    app.add_middleware(BoundedBody)
    app.add_middleware(CarefulHeaders)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=application.cors_origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After"],
    )
    app.add_middleware(RequestLog)
