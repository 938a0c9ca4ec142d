"""Heartbeats as each store keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from forward_factor.errors import NotFound
from forward_factor.storage.readers.heartbeats import open_heartbeats
from forward_factor.storage.store import Store
from forward_factor.storage.tables import ServiceHeartbeat

NOW = datetime(2026, 11, 20, 15, 0, 0, 123456, tzinfo=UTC)
PATIENCE = 10.0


def _row(service: str, instance: str, age_s: float) -> dict[str, object]:
    seen = NOW - timedelta(seconds=age_s)
    return {"service": service, "instance": instance, "started_at": NOW, "last_seen_at": seen, "state": {"n": 1}}


ROWS = [
    _row("worker", "box_1:7", 90),
    _row("worker", "box_1:8", 5),
    _row("worker", "box_1:9", -600),
    _row("worker", "boxx1:1", 1),
    _row("worker", "box_12:1", 1),
    _row("bot", "box_1:10", 86_400),
]


@pytest.fixture
async def beating_url(store: Store, store_url: str) -> str:
    async with store.engine.begin() as connection:
        await connection.execute(insert(ServiceHeartbeat), ROWS)
    return store_url


async def test_latest_of_a_machine(beating_url: str) -> None:
    async with open_heartbeats(beating_url, PATIENCE) as heartbeats:
        latest = await heartbeats.latest("worker", "box_1", NOW)
        assert latest is not None
        assert (latest.instance, latest.started_at, latest.last_seen_at) == ("box_1:8", NOW, NOW - timedelta(seconds=5))
        assert await heartbeats.latest("worker", "box", NOW) is None
        assert await heartbeats.latest("scheduler", "box_1", NOW) is None


async def test_all_since(beating_url: str) -> None:
    async with open_heartbeats(beating_url, PATIENCE) as heartbeats:
        seen = await heartbeats.since(NOW - timedelta(seconds=60))
    assert [one.instance for one in seen] == ["box_12:1", "box_1:8", "box_1:9", "boxx1:1"]


async def test_looking_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        async with open_heartbeats(f"sqlite:///{tmp_path / 'none.db'}", PATIENCE):
            pass
    assert list(tmp_path.iterdir()) == []
