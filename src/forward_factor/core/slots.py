"""When tickers are due: a grid of instants anchored at each session's open, as fine as the tier's cadence.

The first instant is the open, the last one lies before the close. Nothing is due outside regular sessions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from forward_factor.core.chain import new_york_date
from forward_factor.core.market_hours import Session, next_session, previous_session, session_on
from forward_factor.core.tiers import Tier

SERVED_AFTER_CLOSE = timedelta(minutes=15)
"""How long after the close a slot of the session may still be scanned: the closing state is worth having."""
MOST_STARTS = 5
"""Starts of a slot before it is given up, be it that tries fail or that each one kills its worker."""


class Cause(StrEnum):
    """Why a ticker is due."""

    CADENCE = "cadence"
    DISCOVERY = "discovery"
    PRICE_MOVE = "price_move"
    REQUEST = "request"


GRID_CAUSES = (Cause.CADENCE, Cause.DISCOVERY)


class SlotState(StrEnum):
    """What became of a slot."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"


class SlotReason(StrEnum):
    """Why a slot is as it is, beside the codes of errors.

    ``superseded``: done by the scan of a later slot. ``not_served``: no worker came before the session was over.
    ``scheduler_down``: nobody was there to schedule it. ``gave_up``: every start ended without a word, as of a worker
    that died. ``stopped``: its worker was stopped; another one takes it up.
    """

    SUPERSEDED = "superseded"
    NOT_SERVED = "not_served"
    SCHEDULER_DOWN = "scheduler_down"
    GAVE_UP = "gave_up"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Cadences:
    """Minutes between the scans of a ticker, by tier."""

    high: float = 3.0
    medium: float = 15.0
    low: float = 60.0

    def of(self, tier: Tier) -> timedelta:
        """Return the time between two scans of a ticker of that tier, a second at least."""
        minutes = {Tier.HIGH: self.high, Tier.MEDIUM: self.medium, Tier.LOW: self.low}
        return max(timedelta(minutes=minutes[tier]), timedelta(seconds=1))


def latest_due(cadence: timedelta, now: datetime) -> datetime | None:
    """Return the last instant of the grid at or before ``now``; None while the market is closed."""
    session = session_on(new_york_date(now))
    if session is None or not session.opens_at <= now < session.closes_at:
        return None
    return session.opens_at + (now - session.opens_at) // cadence * cadence


def due_between(cadence: timedelta, after: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return the instants of the grid with ``after`` < instant <= ``until``, the oldest first.

    Looked at are the session of ``until`` and the one before it, no others: what was due earlier is of no use.
    """
    return tuple(
        instant
        for session in _last_two_sessions(until)
        for instant in _grid(session, cadence, after)
        if after < instant <= until
    )


def next_due(cadence: timedelta, now: datetime) -> datetime:
    """Return the first instant of the grid after ``now``: of the present session, else of the next one, its open."""
    session = session_on(new_york_date(now))
    if session is not None and session.opens_at <= now < session.closes_at:
        instant = session.opens_at + ((now - session.opens_at) // cadence + 1) * cadence
        if instant < session.closes_at:
            return instant
    return next_session(now).opens_at


def served_until(now: datetime) -> datetime:
    """Return the close before which slots must have been due to be over by now."""
    return previous_session(now - SERVED_AFTER_CLOSE).closes_at


def retry_delay(starts: int) -> timedelta:
    """Return how long to wait after the ``starts``-th failed start: 2 s, doubled each time."""
    return timedelta(seconds=2.0**starts)


def _last_two_sessions(until: datetime) -> Iterator[Session]:
    yesterday = previous_session(until)
    today = session_on(new_york_date(until))
    if today is None or today == yesterday:
        yield previous_session(yesterday.opens_at)
        yield yesterday
    else:
        yield yesterday
        yield today


def _grid(session: Session, cadence: timedelta, after: datetime) -> Iterator[datetime]:
    first = max(0, (after - session.opens_at) // cadence)
    steps = -(-session.length // cadence)  # rounded up: the close itself is no instant of the grid
    for step in range(first, steps):
        yield session.opens_at + step * cadence


def priority_of(cause: Cause, tier: Tier) -> int:
    """Return how urgent a slot is, larger first: asked for, then by tier, then discovery."""
    if cause in {Cause.PRICE_MOVE, Cause.REQUEST}:
        return 40
    if cause is Cause.DISCOVERY:
        return 0
    return {Tier.HIGH: 30, Tier.MEDIUM: 20, Tier.LOW: 10}[tier]
