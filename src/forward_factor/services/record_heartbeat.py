"""A service's word that it is at work."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.services.ports import Transactions
from forward_factor.services.ports.heartbeats import Facts
from forward_factor.services.ports.service_health import Heartbeat


async def record_heartbeat(store: Transactions, heartbeat: Heartbeat, facts: Facts) -> None:
    """Store a process's newest word."""
    async with store.unit_of_work() as work:
        await work.heartbeats.beat(heartbeat, facts)
        await work.commit()


async def read_facts(store: Transactions, service: str) -> Sequence[Facts]:
    """Return the last facts of all processes of a service, of those that have ended too."""
    async with store.reading() as work:
        return await work.heartbeats.facts_of(service)
