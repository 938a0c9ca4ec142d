"""Reminders of all open positions, wherever they came from: the old bot's, moved here, have none yet."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.core.chain import new_york_date
from forward_factor.services.plan_reminders import plan_reminders, position_of
from forward_factor.services.ports import Clock, Transactions

POSITIONS_A_TRANSACTION = 1_000


async def adopt_decisions(store: Transactions, clock: Clock) -> int:
    """Plan the reminders of every open position before its expiry; return how many there are.

    It changes nothing where all is planned already, so the reminders service does it at its start and now and then.
    Positions of one transaction are looked at without holding them, and only those that matter are held and planned.
    """
    adopted, last = 0, ""
    while True:
        ids, last, is_all = await _find_some(store, clock, last)
        if ids:
            await _plan(store, clock, ids)
            adopted += len(ids)
        if is_all:
            return adopted


async def _find_some(store: Transactions, clock: Clock, last: str) -> tuple[Sequence[str], str, bool]:
    """Return the next positions before their expiry, where to go on, and whether these were the last."""
    async with store.reading() as work:
        found = await work.decisions.open_after(last, POSITIONS_A_TRANSACTION)
    today = new_york_date(clock.now())
    positions = [position for one in found if (position := position_of(one)) is not None]
    ids = [one.decision_id for one in positions if one.front_expiry >= today]
    return ids, found[-1].id if found else last, len(found) < POSITIONS_A_TRANSACTION


async def _plan(store: Transactions, clock: Clock, decision_ids: Sequence[str]) -> None:
    async with store.unit_of_work() as work:
        held = await work.decisions.open_among(decision_ids)
        await plan_reminders(work, held, clock.now())
        await work.commit()
