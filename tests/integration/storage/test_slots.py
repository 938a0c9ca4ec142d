"""The scheduler's ticks on every store: nothing due is forgotten, doubled or left without an answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.slots import Cadences, Cause, SlotReason
from forward_factor.core.tiers import Tier
from forward_factor.errors import InvalidTicker
from forward_factor.services.request_scan import request_scan
from forward_factor.services.schedule_scans import Tick, schedule_scans
from forward_factor.storage.store import Store
from tests.integration.storage.scheduling import RememberingQueue, list_as_liquid, rise, slots, watch

OPEN, CLOSE = datetime(2026, 6, 1, 13, 30, tzinfo=UTC), datetime(2026, 6, 1, 20, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ONE_EACH: dict[str, Tier | str | None] = {"FAST": Tier.HIGH, "MID": Tier.MEDIUM, "SLOW": Tier.LOW}


async def tick(
    store: Store, now: datetime, since: datetime | None = None, queue: RememberingQueue | None = None
) -> Tick:
    return await schedule_scans(store, FixedClock(now), queue or RememberingQueue(), Cadences(), since)


async def test_a_day_of_ticks_opens_every_slot_once(store: Store) -> None:
    await watch(store, ONE_EACH)
    now, since, totals = OPEN - 10 * MINUTE, None, Counter[str]()
    while now < CLOSE + 10 * MINUTE:
        done = await tick(store, now, since)
        totals.update(opened=done.opened, missed=done.missed, expired=done.expired)
        now, since = now + 3 * MINUTE, done.until
    assert totals == {"opened": 130 + 26 + 7, "missed": 0, "expired": 0}
    stored = await slots(store)
    assert Counter((one.ticker, one.tier, one.state, one.cause) for one in stored) == {
        ("FAST", "high", "open", "cadence"): 130,
        ("MID", "medium", "open", "cadence"): 26,
        ("SLOW", "low", "open", "cadence"): 7,
    }
    assert {one.due_at for one in stored if one.ticker == "SLOW"} == {OPEN + 60 * MINUTE * n for n in range(7)}


async def test_the_queue_gets_every_open_ticker_with_its_priority_once(store: Store) -> None:
    await watch(store, ONE_EACH)
    await list_as_liquid(store, "LIQUID", "SLOW")
    queue = RememberingQueue()
    done = await tick(store, OPEN, queue=queue)
    assert (done.opened, done.queued) == (4, 4)
    assert queue.waiting == {"FAST": 30, "MID": 20, "SLOW": 10, "LIQUID": 0}
    again = await tick(store, OPEN + MINUTE, done.until, queue)
    assert again == Tick(OPEN + MINUTE)
    assert again.is_silent
    lost = await tick(store, OPEN + 2 * MINUTE, again.until, RememberingQueue())  # a queue that died with its process
    assert (lost.opened, lost.queued) == (0, 4)


async def test_who_is_scheduled(store: Store) -> None:
    await watch(store, {"aapl": "HIGH", " BRK.B ": None, "spy": Tier.LOW, "SPY": Tier.LOW, "nó": Tier.HIGH})
    await watch(store, {"NOBODY": Tier.HIGH}, watchers=0)
    await watch(store, {"UNKNOWN": Tier.HIGH}, watchers=None)
    await list_as_liquid(store, "AAPL", "NOBODY", "IWM")
    await list_as_liquid(store, "OUT", is_member=False)
    await tick(store, OPEN)
    assert [(one.ticker, one.tier, one.cause) for one in await slots(store)] == [
        ("AAPL", "high", "cadence"),
        ("BRK.B", "medium", "cadence"),
        ("IWM", "low", "discovery"),
        ("NOBODY", "low", "discovery"),
        ("SPY", "low", "cadence"),
    ]


async def test_a_ticker_that_is_new_or_rises_is_due_at_once(store: Store) -> None:
    await watch(store, {"OLD": Tier.LOW})
    await tick(store, OPEN)
    await watch(store, {"NEW": Tier.MEDIUM})
    await rise(store, "OLD")
    done = await tick(store, OPEN + 8 * MINUTE, OPEN + 7.9 * MINUTE)
    assert (done.opened, done.missed) == (2, 0)
    assert [(one.ticker, one.due_at, one.state) for one in await slots(store)] == [
        ("NEW", OPEN, "open"),
        ("OLD", OPEN, "open"),
        ("OLD", OPEN + 6 * MINUTE, "open"),
    ]


async def test_after_an_outage_the_newest_is_opened_and_the_rest_missed(store: Store) -> None:
    await watch(store, ONE_EACH)
    await list_as_liquid(store, "LIQUID")
    since = (await tick(store, OPEN)).until
    done = await tick(store, OPEN + 130 * MINUTE, since)
    assert (done.opened, done.missed) == (4, 42 + 7 + 1 + 1)
    opened = [one for one in await slots(store) if one.state == "open" and one.due_at > OPEN]
    assert [(one.ticker, one.due_at) for one in opened] == [
        ("FAST", OPEN + 129 * MINUTE),
        ("LIQUID", OPEN + 120 * MINUTE),
        ("MID", OPEN + 120 * MINUTE),
        ("SLOW", OPEN + 120 * MINUTE),
    ]
    missed = [one for one in await slots(store) if one.state == "missed"]
    assert {one.reason for one in missed} == {SlotReason.SCHEDULER_DOWN}
    assert (await tick(store, OPEN + 130 * MINUTE, since)).is_silent is False  # the queue is another
    assert len(await slots(store)) == 4 + 4 + 51


async def test_an_outage_of_weeks_costs_two_sessions(store: Store) -> None:
    await watch(store, {"MID": Tier.MEDIUM})
    done = await tick(store, CLOSE + 20 * MINUTE, OPEN - timedelta(days=40))
    assert (done.opened, done.missed) == (0, 2 * 26)


async def test_open_slots_are_missed_when_their_session_is_over(store: Store) -> None:
    await watch(store, ONE_EACH)
    since = (await tick(store, CLOSE - 2 * MINUTE)).until
    queue = RememberingQueue()
    in_grace = await tick(store, CLOSE + 14 * MINUTE, since, queue)
    assert (in_grace.expired, set(queue.waiting)) == (0, {"FAST", "MID", "SLOW"})
    assert (await tick(store, CLOSE + 15 * MINUTE, in_grace.until)).expired == 3
    assert {(one.state, one.reason) for one in await slots(store)} == {("missed", SlotReason.NOT_SERVED)}


async def test_schedulers_at_once_are_as_one(store: Store) -> None:
    await watch(store, {f"T{number}": Tier.HIGH for number in range(300)})
    queue = RememberingQueue()
    for minute in (0, 9):
        ticks = [tick(store, OPEN + minute * MINUTE, OPEN, queue) for _ in range(4)]
        done = await asyncio.gather(*ticks)
        assert sum(one.opened for one in done) == 300
    states = Counter(one.state for one in await slots(store))
    assert states == {"open": 600, "missed": 600}


async def test_asked_scans_are_due_now_but_not_twice(store: Store) -> None:
    await watch(store, ONE_EACH)
    clock = FixedClock(OPEN + MINUTE)
    assert await request_scan(store, clock, ["fast", "MID", "FAST"], Cause.PRICE_MOVE) == ["FAST", "MID"]
    assert await request_scan(store, clock, ["FAST", "OTHER"], Cause.REQUEST) == ["OTHER"]
    queue = RememberingQueue()
    done = await tick(store, OPEN + MINUTE, queue=queue)
    assert queue.waiting == {"FAST": 40, "MID": 40, "OTHER": 40, "SLOW": 10}
    assert done.opened == 3  # the clock's own slots are not forgotten over them
    with pytest.raises(InvalidTicker):
        await request_scan(store, clock, ["no ticker"], Cause.REQUEST)
