"""The scheduler's own rounds on every store: tiers, what it remembers of its forerunners, heartbeats, old rows."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from forward_factor.clock import FixedClock
from forward_factor.core.slots import Cadences, SlotState
from forward_factor.core.tiers import Tier
from forward_factor.services.tidy_store import tidy_store
from forward_factor.serving import heart
from forward_factor.serving.heart import beating, instance
from forward_factor.storage.store import Store
from forward_factor.storage.tables import (
    AlertMark,
    Base,
    Delivery,
    LinkCode,
    Notification,
    RefreshToken,
    ScanSlot,
    ServiceHeartbeat,
    table_of,
)
from forward_factor.worker.scheduling import SERVICE, Scheduler
from tests.integration.storage.accounts import register
from tests.integration.storage.scheduling import RememberingQueue, slots, watch

OPEN = datetime(2026, 6, 1, 13, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def add(store: Store, model: type[Base], *rows: dict[str, object]) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(model)), list(rows))


async def count(store: Store, model: type[Base]) -> int:
    async with store.engine.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(table_of(model)))).scalar_one()


async def test_a_scheduler_goes_on_where_the_last_one_was_killed(store: Store) -> None:
    clock, queue = FixedClock(OPEN), RememberingQueue()
    user = await register(store, "ann@x.de")
    async with store.unit_of_work() as work:
        await work.watchlists.add(user.id, ["MID"], OPEN)
        await work.commit()
    first = Scheduler(store, clock, queue, Cadences())
    async with beating(store, clock, SERVICE, first.facts):
        await first.tick()
    clock.instant = OPEN + 62 * MINUTE  # an hour nobody scheduled in
    second = Scheduler(store, clock, queue, Cadences())
    await second.tick()
    await second.tick()
    assert [(one.due_at - OPEN, one.state) for one in await slots(store)] == [
        (0 * MINUTE, "open"),
        (15 * MINUTE, "missed"),
        (30 * MINUTE, "missed"),
        (45 * MINUTE, "missed"),
        (60 * MINUTE, "open"),
    ]
    assert second.facts() == {
        "opened": 1, "missed": 3, "expired": 0, "scheduled_until": clock.instant.isoformat(),
    }  # fmt: skip


async def test_a_first_scheduler_misses_nothing(store: Store) -> None:
    user = await register(store, "ann@x.de")
    async with store.unit_of_work() as work:
        await work.watchlists.add(user.id, ["MID"], OPEN)
        await work.commit()
    await Scheduler(store, FixedClock(OPEN + 62 * MINUTE), RememberingQueue(), Cadences()).tick()
    assert [(one.due_at - OPEN, one.state) for one in await slots(store)] == [(60 * MINUTE, "open")]


async def test_tiers_are_computed_anew_for_each_session(store: Store) -> None:
    clock = FixedClock(OPEN)
    scheduler = Scheduler(store, clock, RememberingQueue(), Cadences())
    await scheduler.tick()
    await watch(store, {"GONE": Tier.HIGH})  # by a process that did not say who watches
    await scheduler.tick()
    assert Counter(one.ticker for one in await slots(store)) == {"GONE": 1}
    clock.instant = OPEN + DAY
    await scheduler.tick()
    assert [one.due_at for one in await slots(store)] == [OPEN]


async def test_a_heart_beats_while_the_service_lives(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "BEATS_EVERY_S", 0.05)
    clock, done = FixedClock(OPEN), {"scanned": 0}
    async with beating(store, clock, "worker", lambda: dict(done)):
        await asyncio.sleep(0.2)
        clock.instant += MINUTE
        done["scanned"] = 7
    async with store.engine.connect() as connection:
        (row,) = (await connection.execute(select(table_of(ServiceHeartbeat)))).all()
    assert (row.service, row.instance, row.state) == ("worker", instance(), {"scanned": 7})
    assert (row.started_at, row.last_seen_at) == (OPEN, OPEN + MINUTE)


async def test_old_rows_go_and_what_is_under_way_stays(store: Store) -> None:
    user, now = (await register(store, "ann@x.de")).id, OPEN
    for state in SlotState:
        slot = {"ticker": state.value, "cause": "cadence", "tier": "low", "state": state.value, "starts": 0}
        for age in (1, 8, 31):
            await add(store, ScanSlot, slot | {"due_at": now - age * DAY})
    for name, age, kept, way in (
        ("sent", 181, "open", "sent"),
        ("new", 179, "open", "sent"),
        ("owed", 181, "open", "open"),
        ("under way", 181, "open", "sending"),
        ("waits", 181, "waiting", None),
        ("refused", 181, "open", "failed"),
    ):
        told = {"id": name, "user_id": user, "kind": "notice", "dedupe_key": name, "created_at": now - age * DAY}
        await add(store, Notification, told | {"due_at": now - age * DAY, "state": kept, "facts": {}})
        if way is not None:
            sent = {"notification_id": name, "chat_id": "1", "position": 1, "state": way, "attempts": 1}
            await add(store, Delivery, sent | {"next_try_at": now})
    for age in (6, 8):
        code = {"code_digest": f"{age}", "user_id": user, "expires_at": now - age * DAY}
        await add(store, LinkCode, code)
        token = {"id": f"{age}", "user_id": user, "family": "f", "token_digest": f"{age}", "issued_at": now}
        await add(store, RefreshToken, token | {"expires_at": now - age * DAY})
        beat = {"service": "worker", "instance": f"h:{age}", "started_at": now, "last_seen_at": now - age * DAY}
        await add(store, ServiceHeartbeat, beat)
        mark = {"user_id": user, "ticker": "A", "front_expiry": (now - age * DAY).date(), "vol_point": "ATM"}
        await add(store, AlertMark, mark | {"back_expiry": now.date(), "alerted_at": now, "ff_value": 0.3})

    done = await tidy_store(store, FixedClock(now))
    assert (done.slots, done.messages, done.others) == (2 + 2 + 1, 2, 4)
    left = Counter(one.state for one in await slots(store))
    assert left == {"open": 3, "done": 1, "missed": 1, "failed": 2}
    async with store.engine.connect() as connection:
        names = set((await connection.execute(select(table_of(Notification).c.id))).scalars())
    assert names == {"new", "owed", "under way", "waits"}
    assert [await count(store, one) for one in (Delivery, LinkCode, RefreshToken, ServiceHeartbeat, AlertMark)] == [
        3, 1, 1, 1, 1,
    ]  # fmt: skip
    assert await tidy_store(store, FixedClock(now)) == type(done)()
