"""Decisions and reminders as they are shown; missing numbers None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forward_factor.core.decisions import Decision
from forward_factor.core.messages import ReminderFacts
from forward_factor.core.split_adjustments import Adjustment
from forward_factor.core.structure import Structure
from forward_factor.services.views import SignalView


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """What a user did with a signal; a decision of the old bot may lack anything but its id and user.

    Attributes:
        decision: None where the stored ``word`` is none that is known.
        decided_at: when; also when the position was placed.
        ticker: of the signal.
        signal: the decision's own copy of the signal, None where the signal was gone before one was made.
        structure: as stored; of a position that names none, what its user prefers at the signal's vol point.
        entry_price, exit_price: debit and proceeds, dollars a share.
        contracts: of every leg.
        pnl: dollars.
        is_open: whether it is a position that is still held.
        adjustments: what splits changed about it, or asked its user to change, the latest last. Contracts and entry
            price are those after it; the strikes of its signal's ticket are those before.

    """

    id: str
    user_id: str
    signal_id: str | None
    decision: Decision | None
    word: str | None
    decided_at: datetime | None
    ticker: str | None
    signal: SignalView | None
    structure: Structure | None
    contracts: int | None
    entry_price: float | None
    exit_price: float | None
    pnl: float | None
    notes: str | None
    closed_at: datetime | None
    is_open: bool
    adjustments: Sequence[Adjustment] = ()


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page of a list ends: the instant its last row is ordered by, and that row's id."""

    at: datetime | None
    id: str


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Some decisions, the newest first; ``next`` is where to go on, None at the end."""

    decisions: Sequence[DecisionView]
    next: PagePlace | None


class ReminderState(StrEnum):
    """What became of a reminder: ``missed`` ones could not be sent while they were of use."""

    OPEN = "open"
    SENT = "sent"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderView:
    """A reminder; ``settled_at`` is when it was sent, missed or cancelled."""

    id: str
    decision_id: str
    due_at: datetime
    useful_until: datetime
    state: ReminderState
    settled_at: datetime | None
    facts: ReminderFacts


@dataclass(frozen=True, slots=True)
class ReminderPage:
    """Some reminders, those due last first; ``next`` is where to go on, None at the end."""

    reminders: Sequence[ReminderView]
    next: PagePlace | None
