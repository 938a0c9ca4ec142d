"""The API as a service: it listens whatever its store does, says what it cannot listen on, and stops when told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from forward_factor.clock import FixedClock
from forward_factor.errors import InvalidSettings
from forward_factor.server.serve import serve_api
from tests.integration.server.conftest import application_on, assert_problem
from tests.integration.storage.accounts import NOW

AWAY = "postgresql://nobody:hunter2@127.0.0.1:1/none"


@asynccontextmanager
async def _serving(url: str, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    port = _free_port()
    application = application_on(url, FixedClock(NOW), api_port=port, **settings)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve_api(application, stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(200):
            try:
                await client.get("/health")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.05)
        yield client
    stop.set()
    await asyncio.wait_for(serving, 15)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_it_serves_while_the_store_is_away() -> None:
    async with _serving(AWAY) as client:
        assert (await client.get("/health")).status_code == 200
        answer = await client.get("/health/db")
        assert_problem(answer, 503, "store_unavailable")
        assert "hunter2" not in answer.text
        metrics = await client.get("/metrics")
        assert (metrics.status_code, "forward_factor_store_up 0.0" in metrics.text) == (200, True)


async def test_an_address_that_is_taken_is_named() -> None:
    async with _serving(AWAY) as client:
        taken = application_on(AWAY, FixedClock(NOW), api_port=client.base_url.port)
        with pytest.raises(InvalidSettings, match=r"cannot listen on 127\.0\.0\.1 port"):
            await serve_api(taken, asyncio.Event())


async def test_the_log_tells_of_requests_without_their_queries() -> None:
    structlog.reset_defaults()
    with capture_logs() as logs:
        async with _serving(AWAY) as client:
            await client.get("/api/v1/signals?cursor=hunter2")
    asked = [one for one in logs if one.get("path") == "/api/v1/signals"]
    assert [(one["method"], one["status"]) for one in asked] == [("GET", 503)]
    assert "hunter2" not in str(logs)


@pytest.mark.parametrize(("trusted", "statuses"), [("", [401, 429, 429]), ("127.0.0.1", [401, 401, 401])])
async def test_a_word_on_the_clients_address_counts_from_trusted_proxies_alone(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, trusted: str, statuses: list[int]
) -> None:
    monkeypatch.setattr("forward_factor.server.limits.RateLimits.__init__.__defaults__", ("1/hour",) * 3)
    async with _serving(f"sqlite:///{tmp_path}/store.db", api_trusted_proxies=trusted) as client:
        found = [
            (
                await client.post(
                    "/api/v1/auth/refresh",
                    json={"refresh_token": "x"},
                    headers={"X-Forwarded-For": f"10.0.0.{number}"},
                )
            ).status_code
            for number in range(3)
        ]
    assert found == statuses
