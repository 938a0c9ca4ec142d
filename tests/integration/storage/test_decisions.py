"""Decisions on every store: one a user and signal, each with its own copy of the signal, nobody else's to see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert

from forward_factor.clock import FixedClock
from forward_factor.core.decisions import Amendment, Decision, Entry
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.services.amend_decision import amend_decision
from forward_factor.services.close_decision import close_decision
from forward_factor.services.decision_views import DecisionView, ReminderState
from forward_factor.services.list_decisions import list_decisions
from forward_factor.services.read_decision import find_decision, read_decision
from forward_factor.services.record_decision import record_decision
from forward_factor.services.reopen_decision import reopen_decision
from forward_factor.storage.decision_facts import fill_decision_facts
from forward_factor.storage.store import Store, open_store
from forward_factor.storage.tables import Notification, Signal, table_of
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

ENTRY = Entry(price=1.25, contracts=3, structure=Structure.CALL, notes="größer als gedacht 🙂")
LATER = FixedClock(NOW + timedelta(hours=1))


async def test_a_second_decision_on_a_signal_changes_nothing(store: Store) -> None:
    ann, bob = await sign_up(store), await sign_up(store, "bob")
    signal = await find_signal(store)
    first = await place(store, ann, signal.id, ENTRY)
    assert first.is_new
    made = first.decision
    assert (made.decision, made.word, made.decided_at) == (Decision.PLACED, "placed", NOW)
    assert (made.entry_price, made.contracts, made.structure, made.notes) == (1.25, 3, Structure.CALL, ENTRY.notes)
    assert (made.ticker, made.signal, made.is_open) == ("DEAR", signal, True)
    before = await rows_by_table(store)
    for decision in Decision:
        again = await record_decision(store, LATER, ann, signal.id, decision, Entry(price=9.0))
        assert (again.is_new, again.decision) == (False, made)
    assert await rows_by_table(store) == before
    assert await read_decision(store, ann, made.id) == made
    other = await record_decision(store, LATER, bob, signal.id, Decision.IGNORED)
    assert (other.is_new, other.decision.is_open, other.decision.structure) == (True, False, None)
    assert [one.id for one in (await list_decisions(store, ann)).decisions] == [made.id]


async def test_the_copy_is_the_one_retention_makes(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    made = (await place(store, ann, signal.id)).decision
    (copied,) = await _facts(store, made.id)
    await change(store, "UPDATE signal_user_decisions SET signal_facts = NULL, signal_ticker = NULL")
    async with store.engine.begin() as connection:
        assert await fill_decision_facts(connection) == 1
    assert await _facts(store, made.id) == [copied]
    assert json.loads(copied)["front_expiry"] == str(FRONT)


async def test_a_decision_on_a_signal_that_retention_took(store: Store) -> None:
    ann, bob, signal = await sign_up(store), await sign_up(store, "bob"), await find_signal(store)
    asked = await find_signal(store, "TOLD")
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(Notification)).values(_alert(ann, asked.id)))
    made = (await place(store, ann, signal.id)).decision
    async with store.engine.begin() as connection:
        await connection.execute(delete(table_of(Signal)))
    same = (await place(store, bob, signal.id)).decision
    assert same.signal == made.signal == signal
    assert await _facts(store, same.id) == await _facts(store, made.id)
    told = (await place(store, ann, asked.id)).decision
    assert told.signal is not None
    assert (told.ticker, told.signal.ff, told.signal.back_expiry) == ("TOLD", 0.5, BACK)
    keyed = (await place(store, bob, asked.id)).decision
    assert (keyed.signal, keyed.ticker) == (told.signal, "TOLD")
    assert len(await reminders_of(store, bob)) == 4
    with pytest.raises(NotFound, match="no signal"):
        await place(store, ann, "never")


async def test_a_signal_known_by_its_key_alone(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store, vol_point="35d_put")
    async with store.engine.begin() as connection:
        await connection.execute(delete(table_of(Signal)))
    made = (await place(store, ann, signal.id)).decision
    assert made.signal is not None
    assert (made.ticker, made.structure) == ("DEAR", Structure.PUT)
    assert (made.signal.front_expiry, made.signal.back_expiry, made.signal.ff) == (FRONT, BACK, None)
    await change(store, "UPDATE signal_keys SET dedupe_key = 'old|' || signal_id", "DELETE FROM signal_user_decisions")
    bare = (await place(store, ann, signal.id)).decision
    assert (bare.is_open, bare.signal, bare.ticker) == (True, None, None)
    assert await reminders_of(store, ann) == []


async def test_an_unknown_signal_or_user_changes_nothing(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    before = await rows_by_table(store)
    for user, wanted in ((ann, "nothing"), (ann, signal.id[:8]), (ann, "a\0b"), (ann, "\ud800"), ("nobody", signal.id)):
        with pytest.raises(NotFound):
            await place(store, user, wanted)
    assert await rows_by_table(store) == before


async def test_a_position_is_of_the_structure_its_user_prefers(store: Store) -> None:
    for preferred, vol_point, structure in (
        ("ATM_calendar_put", "ATM", Structure.PUT),
        ("ATM_calendar_call", "35d_put", Structure.PUT),
        ("double_calendar", "35d_put", Structure.DOUBLE),
    ):
        user, signal = await sign_up(store, preferred), await find_signal(store, vol_point=vol_point)
        await change(store, f"UPDATE user_settings SET preferred_structure = '{preferred}'")
        made = (await place(store, user, signal.id)).decision
        assert made.structure is structure
        await change(store, "UPDATE user_settings SET preferred_structure = 'call'")
        assert (await read_decision(store, user, made.id)).structure is structure


async def test_a_position_is_closed_once_and_reopened(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    made = (await place(store, ann, signal.id, ENTRY)).decision
    closed = await close_decision(store, LATER, ann, made.id, 2.0)
    assert (closed.pnl, closed.exit_price, closed.closed_at, closed.is_open) == (225.0, 2.0, LATER.instant, False)
    assert {one.state for one in await reminders_of(store, ann)} == {ReminderState.CANCELLED}
    assert await close_decision(store, FixedClock(NOW + timedelta(days=1)), ann, made.id, 2.0) == closed
    with pytest.raises(InvalidInput, match="reopen"):
        await close_decision(store, LATER, ann, made.id, 2.5)
    with pytest.raises(InvalidInput, match="reopen"):
        await amend_decision(store, LATER, ann, made.id, Amendment(decision=Decision.IGNORED))
    corrected = await amend_decision(store, LATER, ann, made.id, Amendment(price=None, notes=None))
    assert (corrected.pnl, corrected.entry_price, corrected.notes, corrected.contracts) == (None, None, None, 3)
    again = await reopen_decision(store, LATER, ann, made.id)
    assert (again.is_open, again.exit_price, again.pnl, again.closed_at) == (True, None, None, None)
    assert {one.state for one in await reminders_of(store, ann)} == {ReminderState.OPEN}
    assert await reopen_decision(store, LATER, ann, made.id) == again == await read_decision(store, ann, made.id)
    unpriced = await close_decision(store, LATER, ann, made.id, 0.0)
    assert (unpriced.pnl, unpriced.is_open) == (None, False)


async def test_an_ignored_signal_may_be_placed_after_all(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    made = (await record_decision(store, FixedClock(NOW), ann, signal.id, Decision.IGNORED)).decision
    for act in (close_decision(store, LATER, ann, made.id, 1.0), reopen_decision(store, LATER, ann, made.id)):
        with pytest.raises(InvalidInput, match="not traded"):
            await act
    assert await reminders_of(store, ann) == []
    placed = await amend_decision(store, LATER, ann, made.id, Amendment(decision=Decision.PLACED, price=1.0))
    assert (placed.is_open, placed.decided_at, placed.structure) == (True, LATER.instant, Structure.CALL)
    assert len(await reminders_of(store, ann)) == 2
    ignored = await amend_decision(store, LATER, ann, made.id, Amendment(decision=Decision.IGNORED))
    assert not ignored.is_open
    assert {one.state for one in await reminders_of(store, ann)} == {ReminderState.CANCELLED}


Change = Callable[[Store, str, str], Awaitable[DecisionView]]
CHANGES: list[Change] = [
    read_decision,
    find_decision,
    lambda store, user, one: amend_decision(store, LATER, user, one, Amendment(notes="mine now")),
    lambda store, user, one: close_decision(store, LATER, user, one, 1.0),
    lambda store, user, one: reopen_decision(store, LATER, user, one),
]


async def test_a_decision_is_its_users_alone(store: Store) -> None:
    ann, bob, signal = await sign_up(store), await sign_up(store, "bob"), await find_signal(store)
    made = (await place(store, ann, signal.id, ENTRY)).decision
    for act in CHANGES:
        for wanted in (made.id, "none", "a\0b", "\ud800"):
            with pytest.raises(NotFound):
                await act(store, bob, wanted)
    for act in CHANGES[:1] + CHANGES[2:]:
        with pytest.raises(NotFound):
            await act(store, ann, made.id[:8])
    assert await find_decision(store, ann, made.id[:8]) == await read_decision(store, ann, made.id) == made
    assert (await list_decisions(store, bob)).decisions == []
    assert await reminders_of(store, bob) == []


async def test_pages_hold_every_decision_once_the_newest_first(store: Store) -> None:
    ann, bob = await sign_up(store), await sign_up(store, "bob")
    at = [None, None, *(NOW + timedelta(minutes=number // 2) for number in range(9))]
    rows = [
        {"id": f"d{number:02}", "user_id": ann, "decision": "place", "decision_ts": one}
        for number, one in enumerate(at)
    ]
    await insert_decisions(store, *rows, {"id": "bobs", "user_id": bob}, {"id": "nobodys", "decision": "place"})
    found: list[str] = []
    page = await list_decisions(store, ann, limit=2)
    while True:
        found += [one.id for one in page.decisions]
        if page.next is None:
            break
        page = await list_decisions(store, ann, page.next, 2)
    assert found == [f"d{number:02}" for number in reversed(range(2, 11))] + ["d01", "d00"]
    for limit in (0, 501):
        with pytest.raises(InvalidInput):
            await list_decisions(store, ann, limit=limit)


async def test_decisions_of_the_old_bot_are_read_as_they_were_meant(store: Store) -> None:
    ann = await sign_up(store)
    words = ["place", " PLACED ", "Ignore", "closed", "maybe", None, "place", "place"]
    rows = [
        {"id": f"d{number}", "user_id": ann, "decision": word, "signal_id": "gone"} for number, word in enumerate(words)
    ]
    await insert_decisions(store, *rows)
    await change(
        store,
        "UPDATE signal_user_decisions SET exit_price = 2.0 WHERE id = 'd6'",
        "UPDATE signal_user_decisions SET pnl = 5.0 WHERE id = 'd7'",
    )
    found = {one.id: one for one in (await list_decisions(store, ann)).decisions}
    assert [found[row["id"]].word for row in rows] == words  # type: ignore[index]
    placed, ignored = Decision.PLACED, Decision.IGNORED
    assert [found[f"d{number}"].decision for number in range(8)] == [
        placed,
        placed,
        ignored,
        placed,
        None,
        None,
        placed,
        placed,
    ]
    assert [one.id for one in (await list_decisions(store, ann, only_open=True)).decisions] == ["d1", "d0"]
    assert {one.id for one in found.values() if one.is_open} == {"d0", "d1"}
    assert {one.signal for one in found.values()} == {None}
    kept = await amend_decision(store, LATER, ann, "d7", Amendment(notes="kept"))
    assert (kept.pnl, kept.word, kept.notes) == (5.0, "place", "kept")
    closed = await close_decision(store, LATER, ann, "d3", 1.5)
    assert (closed.pnl, closed.exit_price, closed.word) == (None, 1.5, "closed")
    assert (await reopen_decision(store, LATER, ann, "d3")).is_open
    assert await reminders_of(store, ann) == []


async def test_two_taps_at_once_are_one_decision(store_server: StoreServer) -> None:
    url = store_server.cloned_url("newest", build)
    async with open_store(url, POOL) as store, open_store(url, POOL) as other:
        ann, signal = await sign_up(store), await find_signal(store)
        taps = [place(one, ann, signal.id) for one in (store, other) * (4 if store_server.parallel else 1)]
        made = await asyncio.gather(*taps)
        assert sum(one.is_new for one in made) == 1
        assert len({one.decision.id for one in made}) == 1
        assert (await rows_by_table(store))["signal_user_decisions"] == 1


def _alert(user_id: str, signal_id: str) -> dict[str, object]:
    """Return an alert as it is stored, with what a decision needs of it."""
    facts = {"signal_id": signal_id, "ticker": "TOLD", "as_of": "2026-06-01T18:00:00Z", "ff": 0.5}
    facts |= {"front_expiry": str(FRONT), "back_expiry": str(BACK), "vol_point": "ATM", "is_discovery": False}
    return {
        "id": "n1", "user_id": user_id, "kind": "alert", "dedupe_key": "k", "created_at": NOW, "due_at": NOW,
        "state": "open", "signal_id": signal_id, "facts": facts,
    }  # fmt: skip


async def _facts(store: Store, decision_id: str) -> list[str]:
    rows = await fetch(
        store, f"SELECT CAST(signal_facts AS varchar) FROM signal_user_decisions WHERE id = '{decision_id}'"
    )
    return [str(row[0]) for row in rows]
