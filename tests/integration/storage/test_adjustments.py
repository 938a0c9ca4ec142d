"""Splits at open decisions, on every store: in one transaction with the word on them, once, with a row and a notice."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.decisions import Amendment, Entry
from forward_factor.core.split_adjustments import AdjustmentState
from forward_factor.core.structure import Structure
from forward_factor.errors import NotFound
from forward_factor.services.adjust_decisions import AdjustedDecisions, adjust_due_decisions
from forward_factor.services.amend_decision import amend_decision
from forward_factor.services.close_decision import close_decision
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.import_events import ImportedEvents, import_events
from forward_factor.services.list_reminders import list_reminders
from forward_factor.services.read_decision import read_decision
from forward_factor.services.remove_event import remove_event
from forward_factor.services.reopen_decision import reopen_decision
from forward_factor.storage.store import Store, open_store
from tests.integration.storage.conftest import POOL
from tests.integration.storage.deciding import NOW, find_signal, insert_decisions, place, sign_up
from tests.integration.storage.scanning import fetch

CALL = Entry(price=4.9, contracts=10, structure=Structure.CALL)
SPLIT_ON = date(2026, 6, 9)
BEFORE, ON_THE_DAY = datetime(2026, 6, 9, 3, 59, tzinfo=UTC), datetime(2026, 6, 9, 4, tzinfo=UTC)
ADJUSTED, TAKEN_BACK, NEEDS_LOOK = AdjustmentState


def split(ratio: float = 7.0, on: date = SPLIT_ON, ticker: str = "DEAR") -> CorporateAction:
    return CorporateAction(ticker, ActionKind.SPLIT, on, ratio=ratio, source="test")


async def say(store: Store, *actions: CorporateAction, at: datetime = ON_THE_DAY) -> ImportedEvents:
    return await import_events(store, FixedClock(at), (), actions)


async def notices(store: Store) -> list[str]:
    rows = await fetch(store, "SELECT facts FROM notifications WHERE kind = 'notice' ORDER BY dedupe_key")
    return [str(facts) for (facts,) in rows]


def terms(one: DecisionView) -> tuple[int | None, float | None]:
    return one.contracts, one.entry_price


async def test_a_known_split_is_made_on_its_day_once_and_the_profit_is_right(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    made = (await place(store, ann, signal.id, CALL)).decision
    assert (await say(store, split(), at=NOW)).decisions == AdjustedDecisions()
    assert await adjust_due_decisions(store, FixedClock(BEFORE)) == AdjustedDecisions()
    assert await adjust_due_decisions(store, FixedClock(ON_THE_DAY)) == AdjustedDecisions(adjusted=1)
    for _ in range(2):
        assert await adjust_due_decisions(store, FixedClock(ON_THE_DAY)) == AdjustedDecisions()
        assert (await say(store, split())).decisions == AdjustedDecisions()
    after = await read_decision(store, ann, made.id)
    assert terms(after) == (70, 4.9 / 7)
    (step,) = after.adjustments
    assert (step.state, step.effective_on, step.ratio, step.adjusted_at) == (ADJUSTED, SPLIT_ON, 7.0, ON_THE_DAY)
    assert (step.before.contracts, step.after.contracts, step.before.entry_price) == (10, 70, 4.9)
    (notice,) = await notices(store)
    assert "DEAR split 7 for 1 on 2026-06-09" in notice
    assert "70 contracts at 0.7 (was 10 contracts at 4.9)" in notice
    reminders = (await list_reminders(store, ann)).reminders
    assert {(one.facts.contracts, one.facts.entry_price) for one in reminders} == {(70, 4.9 / 7)}
    closed = await close_decision(store, FixedClock(ON_THE_DAY), ann, made.id, 1.0)
    assert closed.pnl == pytest.approx((7.0 - 4.9) * 10 * 100)
    reopened = await reopen_decision(store, FixedClock(ON_THE_DAY), ann, made.id)
    assert await adjust_due_decisions(store, FixedClock(ON_THE_DAY)) == AdjustedDecisions()
    assert terms(reopened) == terms(after)


async def test_a_late_word_adjusts_at_once_and_only_whom_it_concerns(store: Store) -> None:
    ann, bob, cy = [await sign_up(store, name) for name in ("ann", "bob", "cy")]
    signal, other = await find_signal(store), await find_signal(store, "OTHER")
    held = (await place(store, ann, signal.id, CALL)).decision
    of_other = (await place(store, ann, other.id, CALL)).decision
    closed = (await place(store, bob, signal.id, CALL)).decision
    await close_decision(store, FixedClock(NOW), bob, closed.id, 5.0)
    late = (await place(store, cy, signal.id, CALL, at=ON_THE_DAY)).decision
    expired = {"id": "expired", "user_id": cy, "decision": "placed", "contracts": 1, "signal_ticker": "DEAR"}
    facts = {"front_expiry": "2026-05-01", "back_expiry": "2026-06-08", "ticker": "DEAR"}
    old = {"decision_ts": NOW - timedelta(days=60), "signal_as_of_ts": NOW, "signal_facts": signal_facts(facts)}
    await insert_decisions(store, {**expired, **old})
    assert (await say(store, split(2.0))).decisions == AdjustedDecisions(adjusted=1)
    assert terms(await read_decision(store, ann, held.id)) == (20, 2.45)
    for user, one in ((ann, of_other), (bob, closed), (cy, late)):
        assert terms(await read_decision(store, user, one.id)) == (10, 4.9)
    assert (await read_decision(store, cy, "expired")).contracts == 1
    assert len(await notices(store)) == 1
    assert await adjust_due_decisions(store, FixedClock(ON_THE_DAY)) == AdjustedDecisions()


def signal_facts(changed: dict[str, str]) -> dict[str, object]:
    return {"id": "s", "as_of_ts": "2026-04-02T18:00:00.000000Z", "provider": "test", "vol_point": "ATM", **changed}


async def test_an_odd_split_is_told_and_nothing_is_guessed(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    made = (await place(store, ann, signal.id, CALL)).decision
    assert (await say(store, split(0.1))).decisions == AdjustedDecisions(need_look=1)
    assert (await say(store, split(0.1))).decisions == AdjustedDecisions()
    after = await read_decision(store, ann, made.id)
    assert (terms(after), [one.state for one in after.adjustments]) == ((10, 4.9), [NEEDS_LOOK])
    (notice,) = await notices(store)
    assert "please look" in notice


async def test_a_correction_or_a_removal_puts_it_right(store: Store) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    made = (await place(store, ann, signal.id, CALL)).decision
    await say(store, split(7.0))
    assert (await say(store, split(4.0))).decisions == AdjustedDecisions(adjusted=1, taken_back=1)
    assert terms(await read_decision(store, ann, made.id)) == (40, 4.9 / 4)
    clock = FixedClock(ON_THE_DAY + timedelta(hours=1))
    assert await remove_event(store, clock, "DEAR", ActionKind.SPLIT, SPLIT_ON) == AdjustedDecisions(taken_back=1)
    after = await read_decision(store, ann, made.id)
    assert terms(after) == (10, 4.9)
    assert [(one.state, one.ratio) for one in after.adjustments] == [
        (ADJUSTED, 7.0), (TAKEN_BACK, 7.0), (ADJUSTED, 4.0), (TAKEN_BACK, 4.0),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        await remove_event(store, clock, "DEAR", ActionKind.SPLIT, SPLIT_ON)
    await say(store, split(3.0), at=clock.now() + timedelta(hours=1))
    await amend_decision(store, clock, ann, made.id, Amendment(contracts=29))
    again = FixedClock(clock.now() + timedelta(hours=2))
    assert await remove_event(store, again, "DEAR", ActionKind.SPLIT, SPLIT_ON) == AdjustedDecisions(need_look=1)
    assert (await read_decision(store, ann, made.id)).contracts == 29


async def test_the_word_and_what_follows_are_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, signal = await sign_up(store), await find_signal(store)
    made = (await place(store, ann, signal.id, CALL)).decision

    async def fails(*_: object) -> None:
        raise RuntimeError("the end")

    monkeypatch.setattr("forward_factor.services.import_events.replan_reminders", fails)
    with pytest.raises(RuntimeError):
        await say(store, split())
    after = await read_decision(store, ann, made.id)
    assert (terms(after), after.adjustments, await notices(store)) == ((10, 4.9), (), [])
    async with store.reading() as work:
        assert await work.corporate_actions.of_tickers(["DEAR"]) == {}


async def test_many_at_once_adjust_once_and_an_amendment_is_not_lost(store: Store, store_url: str) -> None:
    users = [await sign_up(store, f"u{place}") for place in range(4)]
    signal = await find_signal(store)
    made = [(await place(store, user, signal.id, CALL)).decision for user in users]
    async with open_store(store_url, POOL) as other:
        stores = (store, other)
        await say(store, split(), at=NOW)
        clock = FixedClock(ON_THE_DAY)
        notes = [
            amend_decision(stores[place % 2], clock, user, one.id, Amendment(notes="mine"))
            for place, (user, one) in enumerate(zip(users, made, strict=True))
        ]
        due = [adjust_due_decisions(one, clock) for one in stores * 2]
        done = await asyncio.gather(*due, *notes, *(say(one, split()) for one in stores))
    counted = [one for one in done if isinstance(one, AdjustedDecisions)]
    counted += [one.decisions for one in done if isinstance(one, ImportedEvents)]
    assert sum(one.adjusted for one in counted) == len(users)
    for user, one in zip(users, made, strict=True):
        after = await read_decision(store, user, one.id)
        assert (terms(after), after.notes, len(after.adjustments)) == ((70, 4.9 / 7), "mine", 1)
    assert len(await notices(store)) == len(users)
