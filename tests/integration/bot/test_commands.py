"""Commands as people in chats give them, answered by a bot at work."""

from __future__ import annotations

import asyncio
import struct

import pytest

from forward_factor.services.disable_user import disable_user
from forward_factor.services.find_chat import find_chat
from forward_factor.services.issue_link_code import issue_link_code
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.read_settings import read_settings
from forward_factor.services.set_chat_active import set_chat_active
from forward_factor.storage.store import Store
from tests.fakes.bot_api import BotApiServer
from tests.integration.bot.running import RunningBot, running_bot
from tests.integration.storage.accounts import register
from tests.integration.storage.scanning import dear_chain, fetch, scan


async def test_start_makes_an_account_once(bot: RunningBot) -> None:
    ann = bot.telegram.person("Ann")
    assert (await ann.ask("/start")).text.startswith("Welcome to Forward Factor!")
    assert (await ann.ask("/start")).text.startswith("Welcome back")
    found = await find_chat(bot.store, str(ann.chat_id))
    assert found is not None
    assert (found.chat.title, found.user.telegram_chat_id, found.user.email) == ("Ann", str(ann.chat_id), None)
    assert await fetch(bot.store, "SELECT count(*) FROM user_settings") == [(1,)]
    assert {one["command"] for one in bot.telegram.world.commands} >= {"start", "link", "watchlist", "term", "me"}


async def test_who_has_no_account_is_told_how_to_get_one(bot: RunningBot) -> None:
    ann = bot.telegram.person()
    for command in ("/list", "/add AAPL", "/settings", "/set ff_threshold 1", "/why AAPL", "/term AAPL", "/pause"):
        assert "belongs to no account" in (await ann.ask(command)).text, command
    assert await fetch(bot.store, "SELECT count(*) FROM users") == [(0,)]


async def test_no_account_is_made_where_registration_is_closed(
    telegram: BotApiServer, store: Store, store_url: str
) -> None:
    async with running_bot(telegram, store, store_url, registration_open=False):
        assert "/link CODE" in (await telegram.person().ask("/start")).text
    assert await fetch(store, "SELECT count(*) FROM users") == [(0,)]


async def test_watchlists_by_either_spelling(bot: RunningBot) -> None:
    ann = bot.telegram.person()
    await ann.ask("/start")
    assert (await ann.ask("/watchlist add AAPL")).text == "Watching AAPL now."
    assert (await ann.ask("/add msft, BRK.B aapl")).text == "Watching BRK.B, MSFT now. Already on your list: AAPL."
    assert (await ann.ask("/list")).text == "You watch 3\nAAPL BRK.B MSFT"
    assert (await ann.ask("/remove AAPL NVDA")).text == "No longer watching AAPL. Not on your list: NVDA."
    assert (await ann.ask("/watchlist")).text == "You watch 2\nBRK.B MSFT"
    assert (await ann.ask("/watchlist remove BRK.B MSFT")).text == "No longer watching BRK.B, MSFT."
    assert (await ann.ask("/watchlist list")).text.startswith("You watch nothing yet")
    assert "name a ticker" in (await ann.ask("/add")).text
    assert "is not a ticker" in (await ann.ask("/add ../etc")).text
    assert "say /watchlist add" in (await ann.ask("/watchlist drop AAPL")).text


async def test_settings_are_shown_and_changed(bot: RunningBot) -> None:
    ann = bot.telegram.person()
    await ann.ask("/start")
    assert "ff_threshold 0.2" in (await ann.ask("/settings")).text
    assert (await ann.ask("/set ff_threshold 0.35")).text == "ff_threshold is 0.35"
    assert (await ann.ask("/set quiet_hours 22:00-07:00")).text == "quiet_hours is 22:00-07:00"
    assert (await ann.ask("/set timezone Europe/Berlin")).text == "timezone is Europe/Berlin"
    assert "no setting" in (await ann.ask("/set nonsense 1")).text
    assert "ff_threshold" in (await ann.ask("/set ff_threshold lots")).text
    assert "say /set NAME VALUE" in (await ann.ask("/set")).text
    assert (await ann.ask("/pause")).text.startswith("Alerts are paused")
    found = await find_chat(bot.store, str(ann.chat_id))
    assert found is not None
    kept = await read_settings(bot.store, found.user.id)
    assert (kept.ff_threshold, kept.timezone, kept.alerts_paused) == (0.35, "Europe/Berlin", True)
    assert (await ann.ask("/resume")).text == "Alerts come again."
    assert not (await read_settings(bot.store, found.user.id)).alerts_paused


async def test_a_chat_is_linked_by_a_code(bot: RunningBot) -> None:
    web, ann = await register(bot.store, "ann@x.de"), bot.telegram.person()
    await ann.ask("/start")
    await ann.ask("/add AAPL")
    code = await issue_link_code(bot.store, bot.clock, web.id)
    assert "that code is wrong" in (await ann.ask("/link AAAAA-AAAAA")).text
    said = (await ann.ask(f"/link {code.code.lower()}")).text
    assert said.startswith("This chat now belongs to ann@x.de. What this chat watched")
    assert [one.ticker for one in await list_watchlist(bot.store, web.id)] == ["AAPL"]
    assert "that code is wrong" in (await bot.telegram.person("Eve").ask(f"/link {code.code}")).text
    shown = await ann.ask("/link")
    assert shown.text.startswith("Send this in the other chat")
    second = bot.telegram.person("Ann's phone")
    await second.ask(f"/start {shown.text.split()[-1]}")
    me = (await second.ask("/me")).text
    assert "Account: ann@x.de" in me
    assert "Chats: 2" in me
    assert "Watched tickers: 1" in me


async def test_guessing_codes_ends_soon(bot: RunningBot) -> None:
    web, eve = await register(bot.store, "ann@x.de"), bot.telegram.person("Eve")
    said = [(await eve.ask(f"/link AAAAA-AAAA{letter}")).text for letter in "BCDEFG"]
    assert [text.startswith("too many codes") for text in said] == [False] * 5 + [True]
    code = await issue_link_code(bot.store, bot.clock, web.id)
    assert (await eve.ask(f"/link {code.code}")).text.startswith("too many codes")
    ann = bot.telegram.person("Ann")
    assert "now belongs to" in (await ann.ask(f"/link {code.code}")).text


async def test_what_a_scan_found_is_told_and_drawn(bot: RunningBot) -> None:
    ann = bot.telegram.person()
    await ann.ask("/start")
    assert "was not scanned yet" in (await ann.ask("/why DEAR")).text
    assert "was not scanned yet" in (await ann.ask("/term DEAR")).text
    assert (await ann.ask("/signals")).text == "No signals of the tickers you watch yet."
    await scan(bot.store, [dear_chain("DEAR")])
    why = (await ann.ask("/why dear")).text
    assert "DEAR 1 Jun 14:00 New York (files)" in why
    assert "✅ 30/60 ATM · FF" in why
    assert "✖ 60/90 ATM · FF" in why
    assert "FF is below the threshold (" in why
    picture = await ann.ask("/term DEAR")
    assert picture.photo is not None
    assert struct.unpack(">II", picture.photo[16:24]) == (960, 600)
    assert "30/60: 45.0 % now" in picture.text
    await ann.ask("/add DEAR")
    found = await ann.ask("/signals")
    assert found.text.startswith("Newest signals of the tickers you watch:\nDEAR 30/60")
    assert found.labels[0] == "✅ Place DEAR 30/60"
    assert "Newest signals of DEAR" in (await ann.ask("/signals DEAR")).text
    assert "No signals of NONE" in (await ann.ask("/signals NONE")).text


async def test_hostile_words_come_back_as_words(bot: RunningBot) -> None:
    ann = bot.telegram.person("<b>&Ann</i> */_`[x](y)")
    await ann.ask("/start")
    for text in (
        "/add <b>x</b>",
        "/set <i> </b>&",
        "/why <script>",
        "/link <<<&&&>>>",
        "/me",
        "<b>hi",
        "/price <",
        "/" + "x" * 60,
    ):
        assert (await ann.ask(text)).text
    assert bot.telegram.world.chats[ann.chat_id].title in (await ann.ask("/me")).text
    assert [one for one in bot.telegram.calls_of("sendMessage") if one.status != 200] == []


async def test_unknown_words_get_help(bot: RunningBot) -> None:
    ann = bot.telegram.person()
    for text in ("hello", "/nonsense"):
        assert (await ann.ask(text)).text == "I do not know what that means. /help lists what I can do."
    shown = (await ann.ask("/help")).text
    for name in ("start", "link", "add", "remove", "list", "watchlist", "signals", "history", "settings", "set", "why"):
        assert f"/{name}" in shown


async def test_groups_answer_when_they_are_linked_or_named(bot: RunningBot) -> None:
    group, web = bot.telegram.group("Desk"), await register(bot.store, "ann@x.de")
    assert "To use this group" in (await group.ask("/start")).text
    assert "belongs to no account" in (await group.ask("/list@FF_Test_Bot")).text
    for not_ours in ("/list", "/list@other_bot", "hello", "/nonsense"):
        group.say(not_ours)
    code = await issue_link_code(bot.store, bot.clock, web.id)
    assert len(group.messages) == 2
    assert "now belongs to ann@x.de" in (await group.ask(f"/link@ff_test_bot {code.code}")).text
    assert (await group.ask("/add AAPL")).text == "Watching AAPL now."
    assert "To use this group, get a code" in (await group.ask("/link")).text
    moved = group.migrate(-1001)
    assert (await moved.ask("/list")).text == "You watch 1\nAAPL"


async def test_an_edited_command_is_heard(bot: RunningBot) -> None:
    ann = bot.telegram.person()
    said = ann.say("/strat")
    await ann.wait_for(lambda: len(ann.messages) == 1)
    ann.edit(said, "/start")
    assert (await ann.next_message(1)).text.startswith("Welcome")


async def test_a_chat_asleep_wakes_when_it_writes(bot: RunningBot) -> None:
    ann = bot.telegram.person()
    await ann.ask("/start")
    ann.block()
    await _until_active(bot, ann.chat_id, is_active=False)
    ann.unblock()
    await _until_active(bot, ann.chat_id, is_active=True)
    assert await set_chat_active(bot.store, bot.clock, str(ann.chat_id), active=False)
    assert "Watching" in (await ann.ask("/add AAPL")).text
    await _until_active(bot, ann.chat_id, is_active=True)


async def test_a_disabled_account_gets_nothing(bot: RunningBot) -> None:
    ann = bot.telegram.person()
    await ann.ask("/start")
    found = await find_chat(bot.store, str(ann.chat_id))
    assert found is not None
    await disable_user(bot.store, bot.clock, found.user.id)
    for command in ("/add AAPL", "/start", "/me"):
        assert (await ann.ask(command)).text == "This account is disabled."
    assert await list_watchlist(bot.store, found.user.id) == []


async def test_who_asks_too_much_is_told_once(bot: RunningBot) -> None:
    ann, bob = bot.telegram.person("Ann"), bot.telegram.person("Bob")
    for _ in range(40):
        ann.say("/help")
    await ann.wait_for(lambda: len(ann.messages) == 31)
    assert "That was a lot" in ann.texts[-1]
    assert (await bob.ask("/help")).text.startswith("What I can do")
    assert len(ann.messages) == 31


async def _until_active(bot: RunningBot, chat_id: int, *, is_active: bool) -> None:
    async with asyncio.timeout(10):
        while True:
            found = await find_chat(bot.store, str(chat_id))
            if found is not None and found.chat.is_active is is_active:
                return
            await asyncio.sleep(0.02)


pytestmark = pytest.mark.timeout(60)
