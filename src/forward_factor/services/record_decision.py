"""What a user did with a signal: once for each, however often it is said."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from forward_factor.core.accounts import is_storable
from forward_factor.core.decisions import Decision, Entry
from forward_factor.errors import NotFound
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.plan_reminders import plan_reminders
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.decisions import NewDecision

NOTHING_SAID = Entry()


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """The user's decision on a signal; not ``is_new`` where it had been made before, and then nothing was changed."""

    decision: DecisionView
    is_new: bool


async def record_decision(
    store: Transactions,
    clock: Clock,
    user_id: str,
    signal_id: str,
    decision: Decision,
    entry: Entry = NOTHING_SAID,
) -> RecordedDecision:
    """Store a decision with its own copy of the signal, and the reminders of a position, in one transaction.

    A position without a structure gets the one the user prefers. Two that decide for the same user at once come one
    after the other, so the second finds the first's.

    Raises:
        NotFound: there is no such account, or no such signal was ever stored.

    """
    if not is_storable(signal_id):
        raise NotFound(f"there is no signal {ascii(signal_id)[:60]}")
    async with store.unit_of_work() as work:
        await work.decisions.lock_user(user_id)
        before = await work.decisions.on_signal(user_id, signal_id)
        if before is not None:
            return RecordedDecision(before, is_new=False)
        now = clock.now()
        stored = await work.decisions.add(NewDecision(str(uuid4()), user_id, signal_id, decision, now, entry))
        await work.decisions.save(stored)  # the structure was chosen by the signal's vol point, which is known now
        if stored.is_open:
            await plan_reminders(work, [stored], now)
        await work.commit()
        return RecordedDecision(stored, is_new=True)
