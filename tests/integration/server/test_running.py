"""Health, metrics and administration over HTTP; a store that is away, and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.clock import FixedClock
from forward_factor.core.accounts import Role
from forward_factor.errors import SchemaMismatch, StoreUnavailable
from forward_factor.server.app import create_app
from forward_factor.server.metrics import Monitor
from forward_factor.storage.late_store import LateStore
from forward_factor.storage.schema import newest_level
from forward_factor.storage.store import Store
from forward_factor.storage.tables import ScanSlot, ServiceHeartbeat, table_of
from tests.integration.server.conftest import UNLIMITED, Api, application_on, assert_problem, client_of
from tests.integration.server.seeding import seed_ann, tell
from tests.integration.storage.accounts import NOW
from tests.servers.store import StoreServer


async def test_health(api: Api, api_server: StoreServer) -> None:
    for path in ("/health", "/api/v1/health"):
        answer = await api.client.get(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    for path in ("/health/db", "/api/v1/health/db"):
        answer = await api.client.get(path)
        assert answer.status_code == 200
        told = answer.json()
        assert told["engine"] == api_server.name
        assert (told["extension"], told["edition"]) == (None, None)
        assert told["schema_level"] == told["newest_level"] == newest_level()
        assert 0 < told["latency_ms"] < 1000
        if api_server.name == "sqlite":
            assert told["pool"] is None
        else:
            assert told["pool"]["most"] == 30
            assert told["pool"]["in_use"] >= 1


class _Door:
    """A way to a store that can be shut."""

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[Store]]) -> None:
        self._opening = opening
        self.fault: Exception | None = None
        self.tries = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Store]:
        self.tries += 1
        if self.fault is not None:
            raise self.fault
        async with self._opening() as store:
            yield store


async def test_the_api_runs_while_its_store_is_away_and_finds_it_when_it_comes(tmp_path: Path) -> None:
    application = application_on(f"sqlite:///{tmp_path}/late.db", FixedClock(NOW))
    door = _Door(application.store)
    door.fault = StoreUnavailable("the database cannot be reached: 10.1.2.3 refused user postgres")
    late = LateStore(door.open)
    async with client_of(create_app(application, late, UNLIMITED)) as client:
        assert (await client.get("/health")).status_code == 200
        away = await client.get("/health/db")
        assert_problem(away, 503, "store_unavailable")
        assert int(away.headers["retry-after"]) > 0
        assert "10.1.2.3" not in away.text
        login = {"email": "ann@x.de", "password": "correct horse battery"}
        assert_problem(await client.post("/api/v1/auth/login", json=login), 503)
        assert "forward_factor_store_up 0.0" in (await client.get("/metrics")).text
        door.fault = SchemaMismatch("the store's schema is at 0001")
        assert "db upgrade" in assert_problem(await client.get("/health/db"), 503, "schema_mismatch")["detail"]
        door.fault = None
        assert (await client.get("/health/db")).status_code == 200
        assert (await client.post("/api/v1/auth/register", json=login)).status_code == 201
        tries = door.tries
        await client.get("/health/db")
        assert door.tries == tries
    await late.close()


async def test_a_store_that_does_not_answer_counts_as_down(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Store) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("forward_factor.server.api.health.PATIENCE_S", 0.05)
    monkeypatch.setattr(Store, "health", never)
    assert_problem(await api.client.get("/health/db"), 503, "store_unavailable")


async def test_a_store_whose_server_went_away_is_503_until_it_is_back(
    api: Api, api_server: StoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if api_server.name == "sqlite":
        pytest.skip("a file does not go away")
    await api.join("ann")

    def gone(*_: object) -> None:
        raise ConnectionRefusedError("Connect call failed ('127.0.0.1', 5432)")

    with monkeypatch.context() as away:
        away.setattr(AsyncEngine, "connect", gone)
        answer = await api.ask("GET", "/watchlist", "ann")
        assert_problem(answer, 503, "store_unavailable")
        assert "127.0.0.1" not in answer.text
    assert (await api.get("/watchlist", "ann"))["items"] == []


async def _work(store: Store) -> None:
    """Store an hour of work: slots in every state, a process that lives and one that does not."""
    slots = []
    for number in range(10):
        due = NOW - timedelta(minutes=3 * number)
        done = {"state": "done", "finished_at": due + timedelta(seconds=1 + number)}
        slots.append({"ticker": "DEAR", "due_at": due, "cause": "schedule", "tier": "high", "starts": 1} | done)
    late = {"ticker": "LATE", "due_at": NOW - timedelta(seconds=90), "cause": "schedule", "tier": "low", "starts": 0}
    dead = {"ticker": "DEAD", "due_at": NOW - timedelta(minutes=9), "cause": "schedule", "tier": "low", "starts": 5}
    slots += [
        late | {"state": "open"},
        dead | {"state": "failed", "reason": "provider_unavailable", "finished_at": NOW},
    ]
    old = dead | {"state": "done", "due_at": NOW - timedelta(days=3), "finished_at": NOW}
    beats = [
        {"service": "worker", "instance": "one:1", "started_at": NOW, "last_seen_at": NOW - timedelta(seconds=7)},
        {"service": "worker", "instance": "old:1", "started_at": NOW, "last_seen_at": NOW - timedelta(days=2)},
    ]
    async with store.engine.begin() as connection:
        for slot in (*slots, old):
            await connection.execute(insert(table_of(ScanSlot)).values(slot))
        await connection.execute(insert(table_of(ServiceHeartbeat)), beats)


def _figures(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("forward_factor_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_metrics_of_the_whole_installation(
    api: Api, api_server: StoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded = await seed_ann(api)
    await _work(api.store)
    await tell(api.store, seeded.user_id, seeded.signals[2:5], NOW, "failed")
    answer = await api.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = _figures(answer.text)
    expected = {
        ("store_up",): 1,
        ("schema_is_newest", newest_level(), newest_level()): 1,
        ("scan_slots_open",): 1,
        ("scan_slots_open_oldest_seconds",): 90,
        ("scan_slots_last_hour", "done"): 10,
        ("scan_slots_last_hour", "failed"): 1,
        ("scan_slots_last_hour", "open"): 1,
        ("scans_failed_last_hour", "provider_unavailable"): 1,
        ("scan_latency_seconds", "0.5"): 5.5,
        ("alerts_last_hour",): 5,
        ("deliveries", "sent"): 2,
        ("deliveries", "failed"): 3,
        ("heartbeat_age_seconds", "one:1", "worker"): 7,
    }
    assert {key: found.get(key) for key in expected} == expected
    assert ("pool_connections", "most") in found or api_server.name == "sqlite"
    assert not any("old:1" in key for key in found)
    asked = {key[1:]: value for key, value in found.items() if key[0] == "http_requests_total"}
    assert asked["/api/v1/auth/login", "POST", "2xx"] == 1
    reads = []
    monkeypatch.setattr(Monitor, "_read", lambda _self: reads.append(1))
    await api.client.get("/metrics")
    assert reads == [], "the store is not asked again within seconds"


async def test_metrics_of_an_empty_store(api: Api) -> None:
    found = _figures((await api.client.get("/metrics")).text)
    assert found["scan_slots_open",] == found["alerts_last_hour",] == 0
    assert found["store_up",] == 1


async def test_administration(api: Api, api_server: StoreServer) -> None:
    seeded = await seed_ann(api)
    await api.join("root", Role.ADMIN)
    await _work(api.store)
    await tell(api.store, seeded.user_id, seeded.signals[2:3], NOW, "failed")
    queue = await api.get("/admin/queue", "root")
    assert (queue["open_slots"], queue["recent_slots"]["done"]) == (1, 10)
    assert queue["oldest_open_at"] == "2026-06-01T17:58:30Z"
    dead = await api.get("/admin/dead-letters", "root")
    assert [(one["ticker"], one["reason"], one["starts"]) for one in dead["slots"]] == [
        ("DEAD", "provider_unavailable", 5)
    ]
    assert [one["error"] for one in dead["deliveries"]] == ["chat not found"]
    services = (await api.get("/admin/services", "root"))["items"]
    assert [(one["service"], one["instance"]) for one in services] == [("worker", "one:1")]
    store = await api.get("/admin/store", "root")
    assert store["engine"] == api_server.name
    assert (store["rows"]["users"], store["schema_level"]) == (2, newest_level())


async def test_administrators_disable_and_enable_accounts(api: Api) -> None:
    ann = await api.join("ann")
    root = await api.join("root", Role.ADMIN)
    assert (await api.ask("POST", f"/admin/users/{ann}/disable", "root")).status_code == 204
    assert_problem(await api.ask("GET", "/auth/me", "ann"), 401)
    assert_problem(await api.log_in("ann@x.de"), 401)
    assert (await api.ask("POST", f"/admin/users/{ann}/enable", "root")).status_code == 204
    assert (await api.log_in("ann@x.de")).status_code == 200
    assert_problem(await api.ask("POST", f"/admin/users/{root}/disable", "root"), 403)
    assert_problem(await api.ask("POST", "/admin/users/nobody/disable", "root"), 404)


async def test_accounts_are_listed_in_pages(api: Api) -> None:
    await api.join("root", Role.ADMIN)
    for name in ("ann", "bob", "eve"):
        await api.join(name)
    async with api.store.engine.begin() as connection:
        for moved in ("m1", "m2"):
            await connection.exec_driver_sql(f"INSERT INTO users (id) VALUES ('{moved}')")
    found: list[Any] = []
    cursor: str | None = None
    while not found or cursor:
        page = await api.get("/admin/users", "root", limit=2, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next_cursor"]
    assert [one["id"] for one in found[:2]] == ["m1", "m2"]
    assert {one["email"] for one in found[2:]} == {f"{name}@x.de" for name in ("root", "ann", "bob", "eve")}
    assert len(found) == 6
