"""Whether a service is at work on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from forward_factor.services.ports import Clock
from forward_factor.services.ports.service_health import Heartbeat, HeartbeatReader

FRESH_FOR = timedelta(seconds=60)
"""How long a heartbeat speaks for its process."""


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """A service on one machine, looked at once.

    Attributes:
        last: its newest heartbeat there, None if it never had one.

    """

    service: str
    host: str
    checked_at: datetime
    last: Heartbeat | None

    @property
    def is_at_work(self) -> bool:
        """Return whether the newest heartbeat is fresh."""
        return self.last is not None and is_fresh(self.last, self.checked_at)


async def check_service(heartbeats: HeartbeatReader, clock: Clock, service: str, host: str) -> ServiceHealth:
    """Look for a fresh heartbeat of ``service`` on ``host``."""
    now = clock.now()
    return ServiceHealth(service, host, now, await heartbeats.latest(service, host, now + FRESH_FOR))


def is_fresh(heartbeat: Heartbeat, now: datetime) -> bool:
    """Return whether ``heartbeat`` speaks for its process at ``now``.

    One from further ahead is from before the clock was set back: a process that lives would have written anew.
    """
    return abs(now - heartbeat.last_seen_at) <= FRESH_FOR
