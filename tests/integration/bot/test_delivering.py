"""Delivery by its use case: whatever goes wrong on the way, messages go on in order, and nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from forward_factor.clock import FixedClock
from forward_factor.core.messages import MessageKind
from forward_factor.errors import SendLater, StoreUnavailable
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Notification, table_of
from forward_factor.storage.unit_of_work import SqlUnitOfWork
from tests.fakes.notifier import ScriptedNotifier
from tests.integration.storage.mail import LATER, delivering, newcomer, owe, states, until


async def test_who_asks_to_wait_is_waited_for_and_the_later_ones_stay_behind(store: Store) -> None:
    ann, clock = await newcomer(store, "1"), FixedClock(LATER)
    await owe(store, ann.user.id, ["1"], "a", "b")
    notifier = ScriptedNotifier()
    notifier.script["1"] = [SendLater("flood", wait_s=40.0)]
    async with delivering(store, notifier, clock):
        await until(lambda: not notifier.script["1"])
        for seconds in (0, 20, 39):
            clock.instant = LATER + timedelta(seconds=seconds)
            await asyncio.sleep(0.1)
            assert notifier.sent["1"] == []
        clock.instant = LATER + timedelta(seconds=41)
        await until(lambda: len(notifier.sent["1"]) == 2)
    assert notifier.sent["1"] == ["a", "b"]
    assert notifier.repeats == []


async def test_what_may_have_arrived_is_sent_again_with_a_word_about_it(store: Store) -> None:
    ann, clock = await newcomer(store, "1"), FixedClock(LATER)
    await owe(store, ann.user.id, ["1"], "a", "b")
    notifier = ScriptedNotifier()
    notifier.script["1"] = [
        SendLater("no answer", may_have_arrived=True),
        SendLater("no connection"),
        SendLater("flood", wait_s=3.0),
    ]
    async with delivering(store, notifier, clock):
        for left in (2, 1, 0):
            await until(lambda left=left: len(notifier.script["1"]) == left)  # type: ignore[misc]
            await asyncio.sleep(0.1)
            clock.instant += timedelta(minutes=1)
        await until(lambda: len(notifier.sent["1"]) == 2)
    assert notifier.sent["1"] == ["a", "b"]
    assert notifier.repeats == ["a"]


async def test_waits_grow_up_to_five_minutes_and_never_end(store: Store) -> None:
    ann, clock = await newcomer(store, "1"), FixedClock(LATER)
    await owe(store, ann.user.id, ["1"], "a")
    notifier, waited = ScriptedNotifier(), []
    notifier.script["1"] = [SendLater("away") for _ in range(12)]
    async with delivering(store, notifier, clock):
        for left in reversed(range(12)):
            await until(lambda left=left: len(notifier.script["1"]) == left)  # type: ignore[misc]
            wait_s = min(300.0, 2.0 * 2 ** (11 - left))
            await asyncio.sleep(0.06)
            clock.instant += timedelta(seconds=wait_s - 0.5)
            await asyncio.sleep(0.06)
            assert len(notifier.script["1"]) == left
            waited.append(wait_s)
            clock.instant += timedelta(seconds=1)
        await until(lambda: notifier.sent["1"] == ["a"])
    assert max(waited) == 300.0
    assert notifier.repeats == []


async def test_what_cannot_be_read_or_said_is_given_up(store: Store) -> None:
    ann = await newcomer(store, "1")
    unreadable, _, _ = await owe(store, ann.user.id, ["1"], "a", "b", "c")
    table = table_of(Notification)
    async with store.engine.begin() as connection:
        spoilt = update(table).where(table.c.id == unreadable).values(kind=MessageKind.ALERT.value)
        await connection.execute(spoilt)
    notifier = ScriptedNotifier()
    notifier.script["1"] = [ZeroDivisionError("nobody foresaw")]
    async with delivering(store, notifier, FixedClock(LATER)):
        await until(lambda: notifier.sent["1"] == ["c"])
    errors = {one.error for one in await store.deliveries.dead_letters()}
    assert errors == {"what it says cannot be read", "fault: ZeroDivisionError"}


async def test_a_store_that_is_away_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await newcomer(store, "1")
    await owe(store, ann.user.id, ["1"], "a", "b")
    notifier, away, commit = ScriptedNotifier(), [False], SqlUnitOfWork.commit

    async def commit_or_not(self: SqlUnitOfWork) -> None:
        if notifier.sent["1"] == ["a"] and not away[0]:
            away[0] = True
            raise StoreUnavailable("the database is restarting")
        await commit(self)

    monkeypatch.setattr(SqlUnitOfWork, "commit", commit_or_not)
    async with delivering(store, notifier, FixedClock(LATER)):
        await until(lambda: len(notifier.sent["1"]) == 2)
    assert away == [True]
    assert notifier.sent["1"] == ["a", "b"]
    assert await states(store, "1") == [("sent", 1)] * 2
