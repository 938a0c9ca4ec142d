"""Reminders on every store: each at its time to every chat once, whatever happens meanwhile; late ones on record."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from forward_factor.clock import FixedClock
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.decisions import Amendment, Entry
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.messages import MessageKind, ReminderKind
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput
from forward_factor.services.adopt_decisions import adopt_decisions
from forward_factor.services.amend_decision import amend_decision
from forward_factor.services.close_decision import close_decision
from forward_factor.services.decision_views import ReminderState, ReminderView
from forward_factor.services.delete_user import delete_user
from forward_factor.services.disable_user import disable_user
from forward_factor.services.import_events import ImportedEvents, import_events
from forward_factor.services.list_reminders import list_reminders
from forward_factor.services.plan_reminders import plan_reminders
from forward_factor.services.ports.notifications import NewNotification
from forward_factor.services.send_reminders import ReminderCount, send_due_reminders
from forward_factor.storage.store import Store, open_store
from forward_factor.storage.tables import TelegramChat, User, table_of
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.deciding import (
    BACK,
    FRONT,
    NOW,
    change,
    find_signal,
    insert_decisions,
    place,
    reminders_of,
    sign_up,
)
from tests.integration.storage.scanning import fetch, rows_by_table
from tests.servers.store import StoreServer

DAY_BEFORE, MORNING = ReminderKind.DAY_BEFORE_EXPIRY, ReminderKind.EXPIRY_MORNING
EX_DIVIDEND, MOVED = ReminderKind.EX_DIVIDEND, ReminderKind.EARNINGS_MOVED
OPEN, SENT, MISSED, CANCELLED = ReminderState
EVE_OPENS = datetime(2026, 6, 30, 13, 30, tzinfo=UTC)
EXPIRY_OPENS, EXPIRY_CLOSES = EVE_OPENS + timedelta(days=1), datetime(2026, 7, 1, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CALL = Entry(price=1.5, contracts=2, structure=Structure.CALL)


async def send(store: Store, at: datetime) -> ReminderCount:
    return await send_due_reminders(store, FixedClock(at))


async def import_(store: Store, *events: EarningsEvent | CorporateAction, at: datetime = NOW) -> ImportedEvents:
    earnings = [one for one in events if isinstance(one, EarningsEvent)]
    actions = [one for one in events if isinstance(one, CorporateAction)]
    return await import_events(store, FixedClock(at), earnings, actions)


def announcement(day: str, is_confirmed: bool | None = None, ticker: str = "DEAR") -> EarningsEvent:
    return EarningsEvent(ticker, date.fromisoformat(day), Timing.AFTER_CLOSE, is_confirmed, "test")


def dividend(day: str, amount: float = 0.5, ticker: str = "DEAR") -> CorporateAction:
    return CorporateAction(ticker, ActionKind.DIVIDEND, date.fromisoformat(day), amount, source="test")


def states(found: Sequence[ReminderView]) -> list[tuple[ReminderKind, ReminderState]]:
    return [(one.facts.reminder, one.state) for one in found]


async def add_chats(store: Store, user_id: str, **is_active: bool) -> None:
    rows = [{"chat_id": name, "user_id": user_id, "is_active": one} for name, one in is_active.items()]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(TelegramChat)), rows)


async def test_each_is_sent_at_its_time_to_every_active_chat_once(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    await add_chats(store, ann, phone=True, desk=True, blocked=False)
    made = (await place(store, ann, signal.id, CALL)).decision
    planned = await reminders_of(store, ann)
    assert [(one.facts.reminder, one.due_at, one.useful_until) for one in planned] == [
        (DAY_BEFORE, EVE_OPENS, EXPIRY_OPENS),
        (MORNING, EXPIRY_OPENS, EXPIRY_CLOSES),
    ]
    assert await send(store, EVE_OPENS - SECOND) == ReminderCount()
    assert await send(store, EVE_OPENS) == ReminderCount(sent=1)
    assert await send(store, EVE_OPENS + SECOND) == ReminderCount()
    assert await send(store, EXPIRY_OPENS) == ReminderCount(sent=1)
    assert await fetch(store, "SELECT kind, user_id, state, ticker, dedupe_key FROM notifications ORDER BY due_at") == [
        ("reminder", ann, "open", "DEAR", f"reminder:{made.id}:{kind.value}:{FRONT}") for kind in (DAY_BEFORE, MORNING)
    ]
    assert Counter(await fetch(store, "SELECT chat_id FROM deliveries")) == {("phone",): 2, ("desk",): 2}
    sent = await reminders_of(store, ann)
    assert [(one.state, one.settled_at) for one in sent] == [(SENT, EVE_OPENS), (SENT, EXPIRY_OPENS)]
    facts = sent[0].facts
    assert (facts.decision_id, facts.structure, facts.front_expiry, facts.back_expiry) == (
        made.id, Structure.CALL, FRONT, BACK,
    )  # fmt: skip
    assert (facts.entry_price, facts.contracts) == (1.5, 2)


async def test_after_an_outage_what_is_of_use_is_sent_and_the_rest_missed(store: Store) -> None:
    signal = await find_signal(store)
    for at, count, becomes in (
        (EXPIRY_OPENS - SECOND, ReminderCount(1, 0), [SENT, OPEN]),
        (EXPIRY_OPENS, ReminderCount(1, 1), [MISSED, SENT]),
        (EXPIRY_CLOSES - SECOND, ReminderCount(1, 1), [MISSED, SENT]),
        (EXPIRY_CLOSES, ReminderCount(0, 2), [MISSED, MISSED]),
    ):
        ann = await sign_up(store)
        await place(store, ann, signal.id)
        await adopt_decisions(store, FixedClock(at))  # as the service does when it starts
        assert await send(store, at) == count
        assert [one.state for one in await reminders_of(store, ann)] == becomes
        assert (await rows_by_table(store))["notifications"] == count.sent
        await change(store, "DELETE FROM users")


async def test_what_no_longer_concerns_anybody_is_not_sent(store: Store) -> None:
    users = [await sign_up(store, name) for name in ("ann", "bob", "cy")]
    signal = await find_signal(store)
    made = [(await place(store, user, signal.id)).decision for user in users]
    await close_decision(store, FixedClock(NOW), users[0], made[0].id, 1.0)
    await disable_user(store, FixedClock(NOW), users[1])
    await change(store, f"DELETE FROM users WHERE id = '{users[2]}'")
    assert await send(store, EVE_OPENS) == ReminderCount(missed=1)
    assert (await rows_by_table(store))["notifications"] == 0
    assert states(await reminders_of(store, users[0])) == [(DAY_BEFORE, CANCELLED), (MORNING, CANCELLED)]
    assert states(await reminders_of(store, users[1])) == [(DAY_BEFORE, MISSED), (MORNING, OPEN)]


async def test_a_dividend_is_warned_of_where_a_call_is_short(store: Store) -> None:
    signal = await find_signal(store)
    ann, bob, cy = [await sign_up(store, name) for name in ("ann", "bob", "cy")]
    await import_(store, dividend("2026-06-15"))
    made = (await place(store, ann, signal.id, CALL)).decision
    await place(store, bob, signal.id, Entry(structure=Structure.PUT))
    closed = (await place(store, cy, signal.id, CALL)).decision
    await close_decision(store, FixedClock(NOW), cy, closed.id, 1.0)
    before = await reminders_of(store, cy)
    others = dividend("2026-06-26", 1.0, "OTHER")
    found = await import_(store, dividend("2026-06-15", 0.75), dividend("2026-06-26"), others)
    assert found == ImportedEvents(announcements=0, actions=3, moved=0)
    of_ann = await reminders_of(store, ann)
    assert states(of_ann) == [(EX_DIVIDEND, OPEN), (EX_DIVIDEND, OPEN), (DAY_BEFORE, OPEN), (MORNING, OPEN)]
    assert [(one.facts.about_on, one.facts.amount) for one in of_ann[:2]] == [
        (date(2026, 6, 15), 0.75),
        (date(2026, 6, 26), 0.5),
    ]
    assert of_ann[0].due_at == datetime(2026, 6, 12, 13, 30, tzinfo=UTC)
    assert states(await reminders_of(store, bob)) == [(DAY_BEFORE, OPEN), (MORNING, OPEN)]
    assert await reminders_of(store, cy) == before
    assert (await send(store, of_ann[0].due_at)).sent == 1
    for structure, becomes in ((Structure.PUT, CANCELLED), (Structure.DOUBLE, OPEN)):
        await amend_decision(store, FixedClock(NOW), ann, made.id, Amendment(structure=structure))
        assert [one.state for one in await reminders_of(store, ann)] == [SENT, becomes, OPEN, OPEN]
    assert {one.facts.structure for one in (await reminders_of(store, ann))[1:]} == {Structure.DOUBLE}


async def test_an_announcement_that_moves_is_told_at_once_and_once(store: Store) -> None:
    signal = await find_signal(store)
    ann, bob = await sign_up(store), await sign_up(store, "bob")
    await import_(store, announcement("2026-08-12"), announcement("2026-08-12", ticker="OTHER"))
    await place(store, ann, signal.id)
    assert states(await reminders_of(store, ann)) == [(DAY_BEFORE, OPEN), (MORNING, OPEN)]
    moved = announcement("2026-07-22")
    for said in (ImportedEvents(1, 0, 1), ImportedEvents(1, 0, 0)):
        assert await import_(store, moved) == said
    notice, *rest = await reminders_of(store, ann)
    assert (notice.facts.reminder, notice.due_at, len(rest)) == (MOVED, NOW, 2)
    assert (notice.facts.about_on, notice.facts.earlier_on) == (date(2026, 7, 22), date(2026, 8, 12))
    assert await send(store, NOW) == ReminderCount(sent=1)
    async with store.reading() as work:
        known = await work.earnings.of_tickers(["DEAR", "OTHER"])
    assert known["DEAR"] == (moved,)
    assert len(known["OTHER"]) == 1
    await import_(store, announcement("2026-08-12"))
    await import_(store, moved)
    await import_(store, announcement("2026-09-30"))
    assert Counter(one.facts.about_on for one in await reminders_of(store, ann) if one.facts.reminder is MOVED) == {
        date(2026, 7, 22): 1,
        date(2026, 8, 12): 1,
    }
    await place(store, bob, signal.id)
    assert states(await reminders_of(store, bob)) == [(DAY_BEFORE, OPEN), (MORNING, OPEN)]


async def test_events_are_stored_with_what_follows_from_them_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    await place(store, ann, signal.id)
    before = await rows_by_table(store)
    monkeypatch.setattr("forward_factor.services.import_events.replan_reminders", _fail)
    with pytest.raises(LookupError):
        await import_(store, dividend("2026-06-15"), announcement("2026-07-22"))
    assert await rows_by_table(store) == before


async def _fail(*_arguments: object) -> None:
    raise LookupError


def moved_decision(user_id: str | None, name: str, front: date | None = FRONT, **more: Any) -> dict[str, Any]:
    """Return a decision as a move from the old bot leaves it: its own words, no structure, facts of all columns."""
    facts = {"id": "gone", "ticker": "DEAR", "as_of_ts": "2026-06-01T18:00:00.000000Z", "vol_point": "ATM"}
    dates = {"front_expiry": str(front) if front else None, "back_expiry": str(BACK)}
    row = {"id": name, "user_id": user_id, "signal_id": "gone", "decision": "place", "decision_ts": NOW}
    return {**row, "signal_ticker": "DEAR", "signal_facts": {**facts, **dates}, **more}


async def test_positions_of_the_old_bot_are_adopted_once(store: Store) -> None:
    ann = await sign_up(store)
    await change(store, "UPDATE user_settings SET preferred_structure = 'ATM_calendar_put'")
    bare = moved_decision(ann, "bare", signal_facts=None, signal_ticker=None)
    await insert_decisions(
        store,
        moved_decision(ann, "open", entry_price=1.5),
        moved_decision(ann, "undated", decision=" Placed ", decision_ts=None),
        moved_decision(ann, "ignored", decision="ignore"),
        moved_decision(ann, "sold", exit_price=2.0),
        moved_decision(ann, "over", date(2026, 5, 15)),
        moved_decision(ann, "undefined", None),
        moved_decision(None, "nobodys"),
        bare,
    )
    for _ in range(2):
        assert await adopt_decisions(store, FixedClock(NOW)) == 2
        found = await reminders_of(store, ann)
        assert Counter(one.decision_id for one in found) == {"open": 2, "undated": 2}
        assert {one.facts.structure for one in found} == {Structure.PUT}
    assert {one.facts.entry_price for one in found if one.decision_id == "open"} == {1.5}
    late = FixedClock(EXPIRY_OPENS)
    await insert_decisions(store, moved_decision(ann, "late"))
    assert await adopt_decisions(store, late) == 3
    assert states([one for one in await reminders_of(store, ann) if one.decision_id == "late"]) == [(MORNING, OPEN)]
    assert await send(store, late.instant) == ReminderCount(sent=3, missed=2)


async def test_pages_of_reminders(store: Store) -> None:
    ann, bob = await sign_up(store), await sign_up(store, "bob")
    await insert_decisions(store, *(moved_decision(ann, f"d{number}") for number in range(4)), moved_decision(bob, "b"))
    await adopt_decisions(store, FixedClock(NOW))
    await send(store, EVE_OPENS)
    found: list[ReminderView] = []
    page = await list_reminders(store, ann, limit=3)
    while True:
        found += page.reminders
        if page.next is None:
            break
        page = await list_reminders(store, ann, page.next, 3)
    assert len({one.id for one in found}) == len(found) == 8
    assert [one.due_at for one in found] == [EXPIRY_OPENS] * 4 + [EVE_OPENS] * 4
    still_open = (await list_reminders(store, ann, only_open=True)).reminders
    assert states(still_open) == [(MORNING, OPEN)] * 4
    with pytest.raises(InvalidInput):
        await list_reminders(store, ann, limit=0)


async def test_services_at_once_send_each_reminder_once(store_server: StoreServer) -> None:
    url = store_server.cloned_url("newest", build)
    async with open_store(url, POOL) as store, open_store(url, POOL) as other:
        ann = await sign_up(store)
        await add_chats(store, ann, phone=True)
        await insert_decisions(store, *(moved_decision(ann, f"d{number:03}") for number in range(60)))
        await adopt_decisions(store, FixedClock(NOW))
        services = [send(one, EVE_OPENS) for one in (store, other) * (4 if store_server.parallel else 1)]
        counts = await asyncio.gather(*services)
        counts.append(await send(store, EVE_OPENS))  # a service that met another at work leaves the rest to it
        assert sum(one.sent for one in counts) == 60
        rows = await rows_by_table(store)
        assert (rows["notifications"], rows["deliveries"]) == (60, 60)


async def test_a_reminder_on_its_way_is_not_called_back(store_server: StoreServer) -> None:
    if not store_server.parallel:
        pytest.skip("one transaction at a time")
    url = store_server.cloned_url("newest", build)
    async with open_store(url, POOL) as store:
        ann = await sign_up(store)
        await insert_decisions(store, moved_decision(ann, "d"))
        await adopt_decisions(store, FixedClock(NOW))
        async with store.unit_of_work() as work:
            (due,) = await work.reminders.claim_due(EVE_OPENS, 10)
            closing = asyncio.create_task(close_decision(store, FixedClock(EVE_OPENS), ann, "d", 1.0))
            await asyncio.sleep(0.2)
            assert not closing.done()
            await work.reminders.settle([due.id], SENT, EVE_OPENS)
            await work.commit()
        await closing
        assert states(await reminders_of(store, ann)) == [(DAY_BEFORE, SENT), (MORNING, CANCELLED)]


async def test_an_account_is_deleted_after_what_is_at_work_on_it(store_server: StoreServer) -> None:
    if not store_server.parallel:
        pytest.skip("one transaction at a time")
    url = store_server.cloned_url("newest", build)
    async with open_store(url, POOL) as store:
        for work_on in (_replan, _send):
            ann = await sign_up(store)
            await insert_decisions(store, moved_decision(ann, "d"))
            await adopt_decisions(store, FixedClock(NOW))
            await work_on(store, ann)
            rows = await rows_by_table(store)
            assert {rows[name] for name in ("users", "signal_user_decisions", "reminders", "notifications")} == {0}


async def _replan(store: Store, user_id: str) -> None:
    async with store.unit_of_work() as work:
        held = await work.decisions.open_of_tickers(["DEAR"])
        deleting = await _deletion_begun(store, user_id)
        await work.corporate_actions.add([dividend("2026-06-15")])
        await plan_reminders(work, held, NOW)
        await work.commit()
    await deleting


async def _send(store: Store, user_id: str) -> None:
    async with store.unit_of_work() as work:
        due = (await work.reminders.claim_due(EVE_OPENS, 10))[0]
        deleting = await _deletion_begun(store, user_id)
        facts = NewNotification(due.user_id, MessageKind.REMINDER, "k", EVE_OPENS, EVE_OPENS, due.facts)
        await work.notifications.add([facts])
        await work.commit()
    await deleting


async def _deletion_begun(store: Store, user_id: str) -> asyncio.Task[None]:
    """Return a deletion that has come as far as it can."""
    deleting = asyncio.create_task(delete_user(store, user_id))
    await asyncio.sleep(0.2)
    assert not deleting.done()
    return deleting


@pytest.fixture
async def crowd(store: Store) -> Store:
    """Three hundred users with a position each."""
    names = [f"u{number:03}" for number in range(300)]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(User)), [{"id": name} for name in names])
    await insert_decisions(store, *(moved_decision(name, f"d-{name}") for name in names))
    return store


async def test_statements_do_not_grow_with_users(crowd: Store) -> None:
    with counted_statements(crowd) as seen:
        await adopt_decisions(crowd, FixedClock(NOW))
        await import_(crowd, dividend("2026-06-15"), announcement("2026-07-22"))
        assert await send(crowd, EVE_OPENS) == ReminderCount(sent=600, missed=300)
    assert len(seen) < 50, Counter(seen)


@contextmanager
def counted_statements(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement.split("(", maxsplit=1)[0][:60])

    event.listen(store.engine.sync_engine, "before_cursor_execute", see)
    yield seen
    event.remove(store.engine.sync_engine, "before_cursor_execute", see)
