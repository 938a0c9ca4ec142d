"""Who is at work, as the services themselves say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last word of one process.

    Attributes:
        instance: the machine's name and the process's number, ``host:pid``.

    """

    service: str
    instance: str
    started_at: datetime
    last_seen_at: datetime


class HeartbeatReader(Protocol):
    """Answers who was at work when."""

    async def latest(self, service: str, host: str, until: datetime) -> Heartbeat | None:
        """Return the newest heartbeat of a service on one machine, of those at or before ``until``."""

    async def since(self, earliest: datetime) -> Sequence[Heartbeat]:
        """Return the heartbeats from ``earliest`` on, by service and instance."""
