"""The API over a real store, SQLite and PostgreSQL, asked in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from forward_factor.bootstrap import Application
from forward_factor.clock import FixedClock
from forward_factor.config import Settings
from forward_factor.core.accounts import Role
from forward_factor.server.app import create_app
from forward_factor.server.limits import RateLimits
from forward_factor.storage.late_store import LateStore
from forward_factor.storage.store import Store
from tests.integration.storage.accounts import NOW, PASSWORD, PASSWORDS, register
from tests.integration.storage.conftest import build
from tests.servers.fixtures import _leased, _marked
from tests.servers.store import StoreServer

UNLIMITED = RateLimits(auth="100000/second", passwords="100000/second", requests="100000/second")


@pytest.fixture(params=_marked(("sqlite", "postgresql")))
def api_server(request: pytest.FixtureRequest, tmp_path: Path, sqlite_templates: Path) -> Iterator[StoreServer]:
    """The two stores the API is tested on; what it asks of them is tested on all four."""
    yield from _leased(request, tmp_path, sqlite_templates)


@dataclass
class Api:
    """The API as a client sees it, and the store behind it."""

    app: FastAPI
    client: httpx.AsyncClient
    store: Store
    clock: FixedClock
    tokens: dict[str, str] = field(default_factory=dict)

    async def join(self, name: str, role: Role = Role.USER) -> str:
        """Make an account and log it in; return its id."""
        new = await register(self.store, f"{name}@x.de", role=role)
        answer = await self.log_in(f"{name}@x.de")
        self.tokens[name] = answer.json()["access_token"]
        return new.id

    async def log_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.client.post("/api/v1/auth/login", json={"email": email, "password": password})

    async def ask(self, method: str, path: str, who: str | None = None, **more: Any) -> httpx.Response:
        """Ask as ``who``, or as nobody."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def get(self, path: str, who: str | None = None, **query: Any) -> Any:
        """Return what a question that is answered is answered by."""
        answer = await self.ask("GET", path, who, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait(self, **span: float) -> None:
        self.clock.instant += timedelta(**span)


def application_on(url: str, clock: FixedClock, **settings: Any) -> Application:
    """Return an application whose settings are the defaults, whatever the environment says."""
    fixed = Settings.model_construct(**{name: one.default for name, one in Settings.model_fields.items()} | settings)
    return Application(fixed, url, clock, PASSWORDS)


def client_of(app: FastAPI, host: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(host, 50_000))
    return httpx.AsyncClient(transport=transport, base_url="http://api.test")


def assert_problem(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """Check that an answer is problem details, complete and telling no secret; return it."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told.keys() - {"errors"} == {"type", "title", "status", "detail", "code"}
    assert told["status"] == status
    assert told["type"] == f"urn:forward-factor:problem:{told['code']}"
    assert code is None or told["code"] == code
    for inside in ("Traceback", "SELECT", "sqlalchemy", "asyncpg", "argon2", PASSWORD):
        assert inside not in answer.text
    return told


@pytest.fixture
async def api(api_server: StoreServer) -> AsyncIterator[Api]:
    """The API over an empty store at the newest schema."""
    clock = FixedClock(NOW)
    application = application_on(api_server.cloned_url("newest", build), clock)
    store = LateStore(application.store)
    app = create_app(application, store, UNLIMITED)
    async with client_of(app) as client:
        yield Api(app, client, await store.open(), clock)
    await app.state.backend.backtests.close()
    await store.close()
