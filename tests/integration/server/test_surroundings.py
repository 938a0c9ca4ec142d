"""Limits, headers, origins, the description and its page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest

from forward_factor.clock import FixedClock
from forward_factor.errors import TooManyRequests
from forward_factor.server.app import create_app
from forward_factor.server.limits import RateGate, RateLimits
from forward_factor.storage.late_store import LateStore
from tests.integration.server.conftest import UNLIMITED, application_on, assert_problem, client_of
from tests.integration.storage.accounts import NOW, PASSWORD, register

LOGIN = {"email": "ann@x.de", "password": PASSWORD}


@asynccontextmanager
async def _client(
    tmp_path: Path, limits: RateLimits = UNLIMITED, host: str = "127.0.0.1", **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    application = application_on(f"sqlite:///{tmp_path}/store.db", FixedClock(NOW), **settings)
    store = LateStore(application.store)
    await register(await store.open(), "ann@x.de")
    async with client_of(create_app(application, store, limits), host) as client:
        yield client
    await store.close()


async def test_wrong_passwords_are_counted_and_right_ones_forgiven(tmp_path: Path) -> None:
    async with _client(tmp_path, RateLimits(passwords="3/hour", auth="1000/hour")) as client:

        async def status(password: str, email: str = "ann@x.de") -> int:
            body = {"email": email, "password": password}
            return (await client.post("/api/v1/auth/login", json=body)).status_code

        for _ in range(2):
            assert [await status("wrong"), await status("wrong"), await status(PASSWORD)] == [401, 401, 200]
        assert [await status("wrong", email) for email in ("ann@x.de", "ANN@x.de", " ann@x.de ")] == [401] * 3
        assert await status(PASSWORD) == 429
        assert await status(PASSWORD, "bob@x.de") == 401
        answer = await client.post("/api/v1/auth/login", json=LOGIN)
        assert_problem(answer, 429, "too_many_requests")
        assert 0 < int(answer.headers["retry-after"]) <= 3600


async def test_log_ins_of_an_address_are_limited_whatever_a_stranger_says_of_it(tmp_path: Path) -> None:
    async with _client(tmp_path, RateLimits(auth="2/hour")) as client:
        statuses = []
        for number in range(4):
            headers = {"X-Forwarded-For": f"10.0.0.{number}"}
            answer = await client.post("/api/v1/auth/refresh", json={"refresh_token": "x"}, headers=headers)
            statuses.append(answer.status_code)
        assert statuses == [401, 401, 429, 429]
        assert (await client.get("/health")).status_code == 200


async def test_requests_of_an_account_are_limited(tmp_path: Path) -> None:
    async with _client(tmp_path, RateLimits(requests="3/hour")) as client:
        token = (await client.post("/api/v1/auth/login", json=LOGIN)).json()["access_token"]
        statuses = [
            (await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})).status_code
            for _ in range(5)
        ]
        assert statuses == [200, 200, 200, 429, 429]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::", "2001:db8:1:3::", False),
        ("", "", True),
        ("/run/socket", "testclient", False),
    ],
)
async def test_who_counts_as_one_client(one: str, other: str, is_same: bool) -> None:
    gate = RateGate(RateLimits(auth="1/hour"))
    await gate.pass_auth(one)
    with pytest.raises(TooManyRequests) if is_same else nullcontext():
        await gate.pass_auth(other)


async def test_headers_keep_browsers_careful(tmp_path: Path) -> None:
    async with _client(tmp_path) as client:
        for path in ("/api/v1/health", "/api/v1/auth/me", "/nothing", "/docs", "/metrics"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
        login = await client.post("/api/v1/auth/login", json=LOGIN)
        assert login.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in login.headers["content-security-policy"]


async def test_origins_by_setting(tmp_path: Path) -> None:
    asked = {"Origin": "https://ours.example", "Access-Control-Request-Method": "GET"}
    async with _client(tmp_path, cors_origins="https://ours.example, https://other.example/") as client:
        allowed = await client.options("/api/v1/signals", headers=asked)
        assert allowed.headers["access-control-allow-origin"] == "https://ours.example"
        other = await client.get("/api/v1/health", headers={"Origin": "https://other.example"})
        assert other.headers["access-control-allow-origin"] == "https://other.example"
        foreign = await client.get("/api/v1/health", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in foreign.headers
    (tmp_path / "closed").mkdir()
    async with _client(tmp_path / "closed") as client:
        assert "access-control-allow-origin" not in (await client.get("/api/v1/health", headers=asked)).headers


async def test_the_page_of_the_description_needs_no_foreign_host(tmp_path: Path) -> None:
    async with _client(tmp_path) as client:
        page = await client.get("/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert "https://" not in page.text
        assert "http://" not in page.text
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(named) == 4
        for address in named:
            if not address.startswith("data:"):
                asset = await client.get(f"/{address}")
                assert asset.status_code == 200
                assert len(asset.content) > 50
        described = await client.get("/openapi.json")
        assert described.json()["openapi"].startswith("3.1")
        assert {"/api/v1/signals", "/api/v1/auth/login", "/api/v1/health/db"} <= described.json()["paths"].keys()
