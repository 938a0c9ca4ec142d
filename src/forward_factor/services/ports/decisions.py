"""What users decided, what they are reminded of, and the dividends and splits that bear on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.decisions import Decision, Entry
from forward_factor.core.messages import ReminderFacts
from forward_factor.core.reminders import PlannedReminder
from forward_factor.core.split_adjustments import Adjustment
from forward_factor.services.decision_views import DecisionView, PagePlace, ReminderState, ReminderView


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision that is not stored yet."""

    id: str
    user_id: str
    signal_id: str
    decision: Decision
    decided_at: datetime
    entry: Entry


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A reminder whose time has come.

    Attributes:
        reaches_user: whether the account is active.

    """

    id: str
    user_id: str
    dedupe_key: str
    useful_until: datetime
    facts: ReminderFacts
    reaches_user: bool


class DecisionRepository(Protocol):
    """Keeps decisions. Whoever changes one locks its user first, so that changes of a user's come one by one."""

    async def lock_user(self, user_id: str) -> None:
        """Hold the account until the end of the transaction.

        Raises:
            NotFound: there is no such account.

        """

    async def add(self, new: NewDecision) -> DecisionView:
        """Store a decision with a copy of its signal's facts, from wherever they are still kept.

        Raises:
            NotFound: no such signal was ever stored.

        """

    async def save(self, decision: DecisionView) -> None:
        """Store what may change of a decision."""

    async def on_signal(self, user_id: str, signal_id: str) -> DecisionView | None:
        """Return a user's last decision on a signal."""

    async def called(self, user_id: str, beginning: str) -> Sequence[DecisionView]:
        """Return the user's decisions whose id begins so, two at the most; one of exactly that id alone."""

    async def page(
        self, user_id: str, after: PagePlace | None, limit: int, *, only_open: bool
    ) -> Sequence[DecisionView]:
        """Return a user's decisions after a place, the newest first, those without an instant last."""

    async def open_of_tickers(self, tickers: Sequence[str]) -> Sequence[DecisionView]:
        """Return all users' open positions in ``tickers``, held until the end of the transaction."""

    async def open_among(self, decision_ids: Sequence[str]) -> Sequence[DecisionView]:
        """Return those of ``decision_ids`` that are open positions, held until the end of the transaction."""

    async def open_now(self, decision_ids: Sequence[str]) -> Sequence[DecisionView]:
        """Return those of ``decision_ids`` that are open positions at the moment; nobody is held."""

    async def open_after(self, decision_id: str, limit: int) -> Sequence[DecisionView]:
        """Return all users' open positions with greater ids, by id."""


class AdjustmentRepository(Protocol):
    """Keeps what splits changed about decisions; a decision's own steps are among what is known of it."""

    async def lock_holders(self, tickers: Sequence[str]) -> frozenset[str]:
        """Hold the accounts with open positions in ``tickers`` as ``lock_user`` does, and return them."""

    async def pending(self, today: date) -> Sequence[str]:
        """Return the ids of open positions placed before a split of ``today`` or earlier that have no step of it."""

    async def take(self, steps: Mapping[str, Sequence[Adjustment]], ticker: str) -> None:
        """Store the steps of decisions, by id, and give each decision the terms after its last one.

        A step is stored once, or the transaction fails.
        """


class ReminderRepository(Protocol):
    """Keeps reminders."""

    async def plan(self, decision_ids: Sequence[str], planned: Sequence[PlannedReminder], now: datetime) -> None:
        """Make ``planned`` the open reminders of those decisions, beside notices and what is too late already.

        Open ones that are not planned any more are cancelled, cancelled ones that are planned again are open again;
        what was sent or missed stays.
        """

    async def add(self, notices: Sequence[PlannedReminder]) -> None:
        """Store those that were never stored."""

    async def cancel(self, decision_id: str, now: datetime) -> None:
        """Cancel all open reminders of a decision."""

    async def is_any_due(self, now: datetime) -> bool:
        """Return whether an open reminder is due."""

    async def claim_due(self, now: datetime, limit: int) -> Sequence[DueReminder]:
        """Return open reminders that are due, the oldest first, held; those another process holds are left out."""

    async def settle(self, reminder_ids: Sequence[str], state: ReminderState, now: datetime) -> None:
        """Store what became of reminders."""

    async def page(
        self, user_id: str, after: PagePlace | None, limit: int, *, only_open: bool
    ) -> Sequence[ReminderView]:
        """Return a user's reminders after a place, those due last first."""

    async def of_decision(self, user_id: str, decision_id: str) -> Sequence[ReminderView]:
        """Return all reminders of one of a user's decisions, those due last first."""


class CorporateActionRepository(Protocol):
    """Keeps dividends and splits."""

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[CorporateAction, ...]]:
        """Return all known dividends and splits of ``tickers``, by date."""

    async def add(self, actions: Sequence[CorporateAction]) -> int:
        """Store them, a newer word on the same ticker, kind and date in place of the older; return how many."""

    async def remove(self, ticker: str, kind: ActionKind, effective_on: date) -> bool:
        """Forget one; return whether it was there."""
