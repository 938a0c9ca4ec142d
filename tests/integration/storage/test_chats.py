"""Chats and whose they are, on every store: registered, adopted, linked by code, merged, renumbered."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from forward_factor.clock import FixedClock
from forward_factor.core.account_settings import AccountSettings
from forward_factor.errors import LinkRefused
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.adopt_chats import adopt_chats
from forward_factor.services.disable_user import disable_user
from forward_factor.services.find_chat import find_chat
from forward_factor.services.issue_link_code import issue_link_code
from forward_factor.services.link_chat import MOVED_AWAY, link_chat
from forward_factor.services.list_chats import list_chats
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.ports.chats import Correspondent
from forward_factor.services.register_chat import register_chat
from forward_factor.services.set_chat_active import set_chat_active
from forward_factor.storage.repositories.chats import GOES_ALONG
from forward_factor.storage.store import Store
from forward_factor.storage.tables import (
    AlertMark,
    Base,
    LinkCode,
    MasterTicker,
    RefreshToken,
    Reminder,
    SignalUserDecision,
    Subscription,
    User,
    UserSettings,
    table_of,
)
from tests.integration.storage.accounts import NOW, register
from tests.integration.storage.mail import newcomer, owe, states
from tests.integration.storage.scanning import fetch, rows_by_table

CLOCK = FixedClock(NOW)
STAYS_BEHIND = (UserSettings, Subscription, AlertMark, LinkCode, RefreshToken)
"""What an absorbed account does not bring along as it is: settings and log-ins end; the rest goes by its own rules."""


def test_every_table_of_a_user_is_thought_of() -> None:
    of_users = {
        table.name
        for table in Base.metadata.tables.values()
        if any(key.column.table.name == "users" for key in table.foreign_keys)
    }
    assert of_users == {table_of(one).name for one in (*GOES_ALONG, *STAYS_BEHIND)}


async def test_a_chat_gets_an_account_once(store: Store) -> None:
    first = await newcomer(store, "42")
    again = await newcomer(store, "42")
    assert first.user.id == again.user.id
    assert (first.chat.is_active, first.user.telegram_chat_id, first.user.is_active) == (True, "42", True)
    many = await asyncio.gather(*(newcomer(store, "43") for _ in range(4)))
    assert len({one.user.id for one in many}) == 1
    rows = await rows_by_table(store)
    assert [rows[name] for name in ("users", "user_settings", "telegram_chats")] == [2, 2, 2]


async def test_chats_of_the_old_bot_are_adopted_whenever_they_come(store: Store) -> None:
    old = [{"id": f"u{number}", "telegram_chat_id": chat} for number, chat in enumerate(["7", " 8 ", "", None])]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(User)), old)
    found = await find_chat(store, "7")
    assert found is not None
    assert (found.user.id, found.chat.is_active) == ("u0", True)
    assert await find_chat(store, "9") is None
    assert await adopt_chats(store) == 1
    assert await adopt_chats(store) == 0
    assert [one.chat_id for one in await list_chats(store, "u1")] == ["8"]


async def test_a_code_links_one_chat_within_ten_minutes(store: Store) -> None:
    ann = await register(store, "ann@x.de")
    code = await issue_link_code(store, CLOCK, ann.id)
    assert code.expires_at == NOW + timedelta(minutes=10)
    assert code.code not in repr(code)
    stored = str(await fetch(store, "SELECT * FROM link_codes"))
    assert code.code.replace("-", "") not in stored
    sloppy = f" {code.code.lower().replace('-', ' – ')} "
    linked = await link_chat(store, CLOCK, sloppy, Correspondent("1", "Ann"))
    assert (linked.user.id, linked.user.telegram_chat_id, linked.merged) == (ann.id, "1", False)
    for wrong in (code.code, "", "AAAAA-AAAAA", "x" * 500, "0" * 10):
        with pytest.raises(LinkRefused):
            await link_chat(store, CLOCK, wrong, Correspondent("2"))
    first, second = [await issue_link_code(store, CLOCK, ann.id) for _ in range(2)]
    with pytest.raises(LinkRefused):
        await link_chat(store, CLOCK, first.code, Correspondent("2"))
    with pytest.raises(LinkRefused):
        await link_chat(store, FixedClock(second.expires_at), second.code, Correspondent("2"))
    linked = await link_chat(store, CLOCK, second.code, Correspondent("2"))
    assert linked.user.telegram_chat_id == "1"
    assert [one.chat_id for one in await list_chats(store, ann.id)] == ["1", "2"]


async def test_a_code_of_a_disabled_account_links_nothing(store: Store) -> None:
    ann = await register(store, "ann@x.de")
    code = await issue_link_code(store, CLOCK, ann.id)
    await disable_user(store, CLOCK, ann.id)
    with pytest.raises(LinkRefused):
        await link_chat(store, CLOCK, code.code, Correspondent("1"))
    assert await find_chat(store, "1") is None


async def test_one_of_many_that_use_a_code_at_once_gets_it(store: Store) -> None:
    ann = await register(store, "ann@x.de")
    code = (await issue_link_code(store, CLOCK, ann.id)).code
    outcomes = await asyncio.gather(
        *(link_chat(store, CLOCK, code, Correspondent(str(number))) for number in range(5)), return_exceptions=True
    )
    assert sorted(isinstance(one, LinkRefused) for one in outcomes) == [False, True, True, True, True]
    assert len(await list_chats(store, ann.id)) == 1


async def test_an_account_that_only_telegram_knew_goes_into_the_linked_one(store: Store) -> None:
    web, old = await register(store, "ann@x.de"), await newcomer(store, "1")
    other = await issue_link_code(store, CLOCK, old.user.id)
    await link_chat(store, CLOCK, other.code, Correspondent("2"))
    await add_to_watchlist(store, CLOCK, web.id, ["AAPL", "MSFT"])
    await add_to_watchlist(store, CLOCK, old.user.id, ["AAPL", "NVDA"])
    await _add_belongings(store, old.user.id, web.id)
    await owe(store, old.user.id, ["1"], "a")
    code = await issue_link_code(store, CLOCK, web.id)
    linked = await link_chat(store, CLOCK, code.code, Correspondent("1"))
    assert (linked.user.id, linked.merged, linked.user.telegram_chat_id) == (web.id, True, "1")
    assert [one.ticker for one in await list_watchlist(store, web.id)] == ["AAPL", "MSFT", "NVDA"]
    assert await _counts(store) == {"AAPL": 1, "MSFT": 1, "NVDA": 1}
    assert [one.chat_id for one in await list_chats(store, web.id)] == ["1", "2"]
    for table in ("signal_user_decisions", "reminders", "notifications"):
        assert await fetch(store, f"SELECT DISTINCT user_id FROM {table}") == [(web.id,)], table
    assert sorted(await fetch(store, "SELECT user_id, ticker, ff_value FROM alert_marks")) == [
        (web.id, "AAPL", 0.5),
        (web.id, "NVDA", 0.3),
    ]
    assert await fetch(store, "SELECT id FROM users") == [(web.id,)]
    assert await states(store, "1") == [("open", 0)]


async def test_a_chat_of_a_full_account_moves_alone(store: Store) -> None:
    ann, bob = await register(store, "ann@x.de"), await register(store, "bob@x.de")
    for number in "12":
        code = await issue_link_code(store, CLOCK, ann.id)
        await link_chat(store, FixedClock(NOW + timedelta(seconds=int(number))), code.code, Correspondent(number))
    await add_to_watchlist(store, CLOCK, ann.id, ["AAPL"])
    await owe(store, ann.id, ["1", "2"], "a")
    code = await issue_link_code(store, CLOCK, bob.id)
    linked = await link_chat(store, CLOCK, code.code, Correspondent("1"))
    assert (linked.user.id, linked.merged, linked.user.telegram_chat_id) == (bob.id, False, "1")
    left = await find_chat(store, "2")
    assert left is not None
    assert (left.user.id, left.user.telegram_chat_id) == (ann.id, "2")
    assert [one.ticker for one in await list_watchlist(store, ann.id)] == ["AAPL"]
    assert await list_watchlist(store, bob.id) == []
    assert [one.error for one in await store.deliveries.dead_letters()] == [MOVED_AWAY]
    assert await states(store, "2") == [("open", 0)]


async def test_linking_a_chat_again_wakes_it(store: Store) -> None:
    ann = await register(store, "ann@x.de")
    chat = Correspondent("1")
    await link_chat(store, CLOCK, (await issue_link_code(store, CLOCK, ann.id)).code, chat)
    assert await set_chat_active(store, CLOCK, "1", active=False)
    assert not await set_chat_active(store, CLOCK, "1", active=False)
    linked = await link_chat(store, CLOCK, (await issue_link_code(store, CLOCK, ann.id)).code, chat)
    assert linked.chat.is_active


async def test_a_number_that_is_somebodys_is_not_registered_again(store: Store) -> None:
    ann = await register(store, "ann@x.de")
    await link_chat(store, CLOCK, (await issue_link_code(store, CLOCK, ann.id)).code, Correspondent("1"))
    await link_chat(store, CLOCK, (await issue_link_code(store, CLOCK, ann.id)).code, Correspondent("2"))
    for number in "12":
        found = await register_chat(store, CLOCK, AccountSettings(), Correspondent(number))
        assert found.user.id == ann.id
    assert (await rows_by_table(store))["users"] == 1


async def _add_belongings(store: Store, old: str, web: str) -> None:
    decision: dict[str, Any] = {"id": "d1", "user_id": old, "signal_id": "s1", "decision": "placed"}
    reminder: dict[str, Any] = {
        "id": "r1", "user_id": old, "decision_id": "d1", "kind": "expiry_morning", "dedupe_key": "k", "due_at": NOW,
        "useful_until": NOW, "state": "open", "facts": {},
    }  # fmt: skip
    mark: dict[str, Any] = {
        "front_expiry": NOW.date(), "back_expiry": NOW.date(), "alerted_at": NOW,
    }  # fmt: skip
    marks = [
        mark | {"user_id": user, "ticker": ticker, "ff_value": value}
        for user, ticker, value in ((web, "AAPL", 0.5), (old, "AAPL", 0.4), (old, "NVDA", 0.3))
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(SignalUserDecision)), [decision])
        await connection.execute(insert(table_of(Reminder)), [reminder])
        await connection.execute(insert(table_of(AlertMark)), marks)


async def _counts(store: Store) -> dict[str, int | None]:
    table = table_of(MasterTicker)
    async with store.engine.connect() as connection:
        rows = await connection.execute(select(table.c.ticker, table.c.active_subscriber_count))
        return {row.ticker: row.active_subscriber_count for row in rows.all()}
