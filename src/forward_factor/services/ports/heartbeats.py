"""What services say of themselves while they are at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from forward_factor.services.ports.service_health import Heartbeat

Facts = Mapping[str, str | int | float | None]
"""What a process did so far, by name."""


class HeartbeatRepository(Protocol):
    """Keeps the last word of every process."""

    async def beat(self, heartbeat: Heartbeat, facts: Facts) -> None:
        """Store a process's newest word in place of the one before."""

    async def facts_of(self, service: str) -> Sequence[Facts]:
        """Return the last facts of all processes of a service, of those that have ended too."""
