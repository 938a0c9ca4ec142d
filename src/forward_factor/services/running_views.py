"""How the whole installation does, as administrators and monitors see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from forward_factor.services.ports.service_health import Heartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """What is due and what became of what was.

    Attributes:
        open_slots: times at which a ticker was due that nobody has served yet; the oldest since ``oldest_open_at``.
        recent_slots: by state, those due within the last hour.
        jobs: by status, in the queue of a PostgreSQL store; elsewhere the queue is in its process's memory.
        deliveries: by state, open ones and those of the last hour.

    """

    open_slots: int
    oldest_open_at: datetime | None
    recent_slots: Mapping[str, int]
    jobs: Mapping[str, int]
    deliveries: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSlot:
    """A time at which a ticker was due that was given up."""

    ticker: str
    due_at: datetime
    cause: str
    tier: str
    starts: int
    finished_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """A message to one chat that was given up."""

    notification_id: str
    chat_id: str
    user_id: str
    kind: str
    ticker: str | None
    created_at: datetime
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """What was given up, the newest first."""

    slots: Sequence[FailedSlot]
    deliveries: Sequence[FailedDelivery]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers of the whole installation over the last hour, for monitors.

    Attributes:
        scan_latencies_s: of the newest scans, from due to finished, seconds.
        failed_slots: by reason.
        alerts: created.

    """

    read_at: datetime
    queue: QueueView
    scan_latencies_s: Sequence[float] = ()
    failed_slots: Mapping[str, int] = field(default_factory=dict)
    alerts: int = 0
    heartbeats: Sequence[Heartbeat] = ()
