"""Reminders whose time has come, each into one notification or onto record as missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forward_factor.core.messages import MessageKind
from forward_factor.services.decision_views import ReminderState
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.decisions import DueReminder
from forward_factor.services.ports.notifications import NewNotification

REMINDERS_A_TRANSACTION = 500


@dataclass(frozen=True, slots=True)
class ReminderCount:
    """How many reminders were sent on their way, and how many came too late to be of use."""

    sent: int = 0
    missed: int = 0

    def __add__(self, other: ReminderCount) -> ReminderCount:
        return ReminderCount(self.sent + other.sent, self.missed + other.missed)


async def send_due_reminders(store: Transactions, clock: Clock) -> ReminderCount:
    """Turn every reminder that is due into a notification, in one transaction with its new state.

    One that is of no use any more is missed, as is one to a disabled account. Neither quiet hours nor a pause of alerts
    hold a reminder back: what it is about does not wait. Any number of processes may do this at once.
    """
    counted = ReminderCount()
    while True:
        some, is_all = await _send_some(store, clock)
        counted += some
        if is_all:
            return counted


async def _send_some(store: Transactions, clock: Clock) -> tuple[ReminderCount, bool]:
    """Do a transaction's worth; return the count, and whether nothing is left."""
    async with store.reading() as work:
        if not await work.reminders.is_any_due(clock.now()):
            return ReminderCount(), True
    async with store.unit_of_work() as work:
        now = clock.now()
        due = await work.reminders.claim_due(now, REMINDERS_A_TRANSACTION)
        useful = [one for one in due if one.useful_until > now and one.reaches_user]
        sent = {one.id for one in useful}
        late = [one.id for one in due if one.id not in sent]
        await work.notifications.add(_notifications(useful, now))
        await work.reminders.settle([one.id for one in useful], ReminderState.SENT, now)
        await work.reminders.settle(late, ReminderState.MISSED, now)
        await work.commit()
        return ReminderCount(len(useful), len(late)), len(due) < REMINDERS_A_TRANSACTION


def _notifications(due: Sequence[DueReminder], now: datetime) -> Sequence[NewNotification]:
    return [
        NewNotification(
            user_id=one.user_id,
            kind=MessageKind.REMINDER,
            dedupe_key=f"reminder:{one.dedupe_key}",
            created_at=now,
            due_at=now,
            facts=one.facts,
            ticker=one.facts.ticker,
        )
        for one in due
    ]
