"""A heartbeat speaks for its process for 60 seconds, on its own machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.services.check_service import check_service
from forward_factor.services.ports.service_health import Heartbeat

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@dataclass
class Beats:
    """Heartbeats kept in a list."""

    kept: Sequence[Heartbeat]

    async def latest(self, service: str, host: str, until: datetime) -> Heartbeat | None:
        fitting = [
            one
            for one in self.kept
            if one.service == service and one.instance.startswith(f"{host}:") and one.last_seen_at <= until
        ]
        return max(fitting, key=lambda one: one.last_seen_at, default=None)

    async def since(self, earliest: datetime) -> Sequence[Heartbeat]:
        return [one for one in self.kept if one.last_seen_at >= earliest]


def beat(age_s: float, service: str = "worker", instance: str = "here:7") -> Heartbeat:
    return Heartbeat(service, instance, NOW - timedelta(hours=1), NOW - timedelta(seconds=age_s))


@pytest.mark.parametrize(("age_s", "is_at_work"), [(0, True), (60, True), (60.1, False), (-5, True), (-3600, False)])
async def test_only_a_fresh_heartbeat_counts(age_s: float, is_at_work: bool) -> None:
    found = await check_service(Beats([beat(age_s)]), FixedClock(NOW), "worker", "here")
    assert found.is_at_work is is_at_work


async def test_one_fresh_process_is_enough() -> None:
    beats = Beats([beat(900, instance="here:1"), beat(3), beat(-3600, instance="here:9")])
    found = await check_service(beats, FixedClock(NOW), "worker", "here")
    assert found.is_at_work
    assert found.last == beat(3)


@pytest.mark.parametrize("other", [beat(1, instance="there:7"), beat(1, service="bot"), beat(1, instance="heretoo:7")])
async def test_others_do_not_count(other: Heartbeat) -> None:
    found = await check_service(Beats([other]), FixedClock(NOW), "worker", "here")
    assert found.last is None
    assert not found.is_at_work
