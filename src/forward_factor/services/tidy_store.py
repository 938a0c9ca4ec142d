"""Rows that have served their time, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from forward_factor.services.ports import Clock, Transactions

SERVED_SLOTS_KEPT = timedelta(days=7)
FAILED_SLOTS_KEPT = timedelta(days=30)
MESSAGES_KEPT = timedelta(days=180)
ACCESS_KEPT = timedelta(days=7)
HEARTBEATS_KEPT = timedelta(days=7)
MARKS_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many rows went."""

    slots: int = 0
    messages: int = 0
    others: int = 0


async def tidy_store(store: Transactions, clock: Clock) -> Tidied:
    """Delete what nobody asks for any more, a transaction a kind; doing it twice does no harm.

    Slots a week after they were served or missed, a month after they failed. Messages half a year after they went out.
    Link codes and log-ins a week after they ended. Heartbeats a week after the last. Marks of alerts a week after the
    front expiry.
    """
    now = clock.now()
    async with store.unit_of_work() as work:
        slots = await work.old_rows.delete_slots(now - SERVED_SLOTS_KEPT, now - FAILED_SLOTS_KEPT)
        await work.commit()
    async with store.unit_of_work() as work:
        messages = await work.old_rows.delete_messages(now - MESSAGES_KEPT)
        await work.commit()
    async with store.unit_of_work() as work:
        access = await work.old_rows.delete_ended_access(now - ACCESS_KEPT)
        heartbeats = await work.old_rows.delete_heartbeats(now - HEARTBEATS_KEPT)
        marks = await work.old_rows.delete_marks((now - MARKS_KEPT).date())
        await work.commit()
    return Tidied(slots, messages, access + heartbeats + marks)
