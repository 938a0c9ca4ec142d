"""Every command and every button, by somebody else: nothing of Ann's is seen or changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forward_factor.bot.commands import COMMANDS
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.change_settings import change_settings
from forward_factor.services.find_chat import find_chat
from forward_factor.services.list_decisions import list_decisions
from tests.integration.bot.running import RunningBot
from tests.integration.storage.scanning import dear_chain, fetch, scan

pytestmark = pytest.mark.timeout(60)
ARGUMENTS = {
    "add": "MSFT",
    "remove": "SECRT",
    "watchlist": "remove SECRT",
    "price": "1.5 2",
    "set": "ff_threshold 0.99",
    "why": "DEAR",
    "term": "DEAR",
    "signals": "DEAR",
}
SECRETS = ("SECRT", "0.3141", "31.4", "Ann")


async def _rows_of(bot: RunningBot, user_id: str) -> Any:
    tables = await bot.store.account_records.of_user(user_id)
    return json.dumps({one.table: one.rows for one in tables}, default=str)


async def test_bob_sees_and_changes_nothing_of_anns(bot: RunningBot) -> None:
    ann, bob = bot.telegram.person("Ann"), bot.telegram.person("Bob")
    people = {}
    for chat in (ann, bob):
        await chat.ask("/start")
        linked = await find_chat(bot.store, str(chat.chat_id))
        assert linked is not None
        people[chat.chat_id] = linked.user.id
    anns, bobs = people[ann.chat_id], people[bob.chat_id]
    await scan(bot.store, [dear_chain("DEAR")])
    ((signal,),) = await fetch(bot.store, "SELECT id FROM signals LIMIT 1")
    await add_to_watchlist(bot.store, bot.clock, anns, ["SECRT"])
    await change_settings(bot.store, anns, {"ff_threshold": 0.3141})
    placed = await ann.press(ann.messages[0], f"p:{signal}").answered()
    assert placed == "Placed"
    await ann.next_message(len(ann.messages) - 1)
    before, told = await _rows_of(bot, anns), len(ann.messages)
    for command in COMMANDS:
        answer = await bob.ask(f"/{command.name} {ARGUMENTS.get(command.name, '')}".strip())
        for secret in SECRETS:
            assert secret not in answer.text or secret in ARGUMENTS.get(command.name, ""), (command.name, answer.text)
    await bob.press(bob.messages[0], f"i:{signal}").answered()
    await bob.ask("1.85 2", reply_to=bob.messages[-1])
    assert await _rows_of(bot, anns) == before
    assert len(ann.messages) == told
    (own,) = (await list_decisions(bot.store, bobs)).decisions
    assert (own.decision, own.entry_price) == ("ignored", None)
