"""Delivery: what users are to be told, to each of their chats, in order, at least once.

Claim (committed), send, settle (committed). Who dies between sending and settling leaves a message that may have
arrived: it is sent again and says so. Nothing else is ever sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, repeat

import structlog

from forward_factor.errors import (
    ChatMoved,
    ChatUnreachable,
    ForwardFactorError,
    MessageRefused,
    SendLater,
    StoreUnavailable,
)
from forward_factor.services.ports import Clock, Transactions, UnitOfWork
from forward_factor.services.ports.deliveries import ClaimedDelivery
from forward_factor.services.ports.notifier import Notifier

MOST_AT_ONCE = 25
CLAIM = timedelta(seconds=30)
"""Longer than a notifier takes for one message, whatever happens."""
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0
LOOK_EVERY_S = 1.0
STOP_WITHIN_S = 8.0

log = structlog.get_logger()


class DeliverMessages:
    """Sends what is due, to many chats at once and to each chat one message after the other."""

    def __init__(
        self,
        store: Transactions,
        notifier: Notifier,
        clock: Clock,
        most_at_once: int = MOST_AT_ONCE,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._store = store
        self._notifier = notifier
        self._clock = clock
        self._most_at_once = most_at_once
        self._look_every_s = look_every_s
        self._under_way: dict[asyncio.Task[None], ClaimedDelivery] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop``, then finish what is under way; where the store is away, wait for it."""
        while not stop.is_set():
            began = False
            try:
                began = await self._begin()
            except StoreUnavailable as fault:
                log.warning("deliveries wait for the database", reason=_reason(fault))
            await self._wait(stop, look_again=began)
        await self._finish()

    async def _finish(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=STOP_WITHIN_S)
            for task in late:
                task.cancel()
        await self._conclude_done()

    async def _begin(self) -> bool:
        """Claim as much as there is room for and begin to send it; return whether there may be more."""
        room = self._most_at_once - len(self._under_way)
        if not room or not await self._is_any_due():
            return False
        now = self._clock.now()
        busy = [one.chat_id for one in self._under_way.values()]
        async with self._store.unit_of_work() as work:
            claimed = await work.deliveries.claim(now, now + CLAIM, room, busy)
            await work.commit()
        for one in claimed:
            self._under_way[asyncio.create_task(self._deliver(one, now + CLAIM))] = one
        return len(claimed) == room

    async def _is_any_due(self) -> bool:
        async with self._store.reading() as work:
            return await work.deliveries.is_any_due(self._clock.now())

    async def _wait(self, stop: asyncio.Event, *, look_again: bool) -> None:
        """Wait until a message is through, or it is time to look again."""
        stopping = asyncio.create_task(stop.wait())
        patience = 0.0 if look_again else self._look_every_s
        await asyncio.wait({*self._under_way, stopping}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await self._conclude_done()

    async def _conclude_done(self) -> None:
        for task in [one for one in self._under_way if one.done()]:
            await self._conclude(task, self._under_way.pop(task))

    async def _conclude(self, task: asyncio.Task[None], claimed: ClaimedDelivery) -> None:
        """Give a message up whose sending ended in a fault that nobody foresaw, so that the later ones go on."""
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            log.error("delivery failed", **_named(claimed), exc_info=fault)
            await self._settle(claimed, lambda work: self._fail(work, claimed, f"fault: {type(fault).__name__}"))

    async def _deliver(self, claimed: ClaimedDelivery, until: datetime) -> None:
        if self._clock.now() >= until:  # this process slept through its claim
            return
        if claimed.facts is None:
            await self._settle(claimed, lambda work: self._fail(work, claimed, "what it says cannot be read"))
            return
        try:
            message_id = await self._notifier.send(claimed.chat_id, claimed.facts, may_repeat=claimed.may_repeat)
        except ForwardFactorError as fault:
            await self._settle_failure(claimed, fault)
        else:
            sent_at = self._clock.now()
            log.info("message sent", **_named(claimed), repeated=claimed.may_repeat)
            await self._settle(claimed, lambda work: work.deliveries.mark_sent(claimed, sent_at, message_id))

    async def _settle_failure(self, claimed: ClaimedDelivery, fault: ForwardFactorError) -> None:
        match fault:
            case SendLater():
                await self._put_off(claimed, fault)
            case ChatUnreachable():
                log.warning("chat takes no messages", **_named(claimed), reason=_reason(fault))
                await self._settle(claimed, lambda work: self._leave_chat(work, claimed, _reason(fault)))
            case ChatMoved():
                log.info("chat has moved", **_named(claimed), to=fault.new_chat_id)
                await self._settle(claimed, lambda work: self._follow_chat(work, claimed, fault.new_chat_id))
            case _:
                kind = "refused" if isinstance(fault, MessageRefused) else fault.code
                log.error("message given up", **_named(claimed), reason=_reason(fault))
                await self._settle(claimed, lambda work: self._fail(work, claimed, f"{kind}: {_reason(fault)}"))

    async def _put_off(self, claimed: ClaimedDelivery, fault: SendLater) -> None:
        wait_s = _wait_s(claimed.attempts) if fault.wait_s is None else fault.wait_s
        until, may_have_arrived = self._clock.now() + timedelta(seconds=wait_s), fault.may_have_arrived
        log.warning("message put off", **_named(claimed), seconds=wait_s, reason=_reason(fault))
        await self._settle(
            claimed,
            lambda work: work.deliveries.put_off(claimed, until, _reason(fault), may_have_arrived=may_have_arrived),
        )

    async def _fail(self, work: UnitOfWork, claimed: ClaimedDelivery, reason: str) -> bool:
        return await work.deliveries.fail(claimed, self._clock.now(), reason)

    async def _leave_chat(self, work: UnitOfWork, claimed: ClaimedDelivery, reason: str) -> bool:
        await work.chats.set_active(claimed.chat_id, active=False)
        return await work.deliveries.fail_chat(claimed.chat_id, self._clock.now(), reason) > 0

    async def _follow_chat(self, work: UnitOfWork, claimed: ClaimedDelivery, new_chat_id: str) -> bool:
        await work.chats.renumber(claimed.chat_id, new_chat_id)
        there, now = replace(claimed, chat_id=new_chat_id), self._clock.now()
        return await work.deliveries.put_off(there, now, "the chat has moved", may_have_arrived=False)

    async def _settle(self, claimed: ClaimedDelivery, change: Callable[[UnitOfWork], Awaitable[bool]]) -> None:
        """Store what became of a message, as often as it takes: to forget it would be to send it twice."""
        for wait_s in chain((0.2, 0.5, 1.0, 2.0), repeat(5.0)):
            try:
                async with self._store.unit_of_work() as work:
                    is_kept = await change(work)
                    await work.commit()
            except StoreUnavailable as fault:
                log.warning("what became of a message waits for the database", **_named(claimed), reason=_reason(fault))
                await asyncio.sleep(wait_s)
            else:
                if not is_kept:
                    log.warning("claim was lost", **_named(claimed))
                return


def _wait_s(attempts: int) -> float:
    """Return how long to wait after so many attempts: twice as long each time, up to a limit."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempts - 1, 10))


def _reason(fault: ForwardFactorError) -> str:
    """Return what a fault says as every store keeps it: one line, not endless."""
    line = " ".join(str(fault).split())
    return "".join(one for one in line if one.isprintable())[:500]


def _named(claimed: ClaimedDelivery) -> dict[str, str]:
    return {"notification": claimed.notification_id, "chat": claimed.chat_id}
