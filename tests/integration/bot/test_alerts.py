"""Alerts in chats: the buttons under them, the question for the entry, and whatever Telegram makes of a message."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from forward_factor.core.messages import AlertFacts, MessageKind, NoticeFacts
from forward_factor.services.find_chat import find_chat
from forward_factor.services.list_decisions import list_decisions
from forward_factor.services.ports.notifications import NewNotification
from forward_factor.services.retry_deliveries import retry_deliveries
from forward_factor.storage.store import Store
from tests.alerts import alert
from tests.fakes.bot_api import BotApiServer
from tests.fakes.bot_api_people import Chat
from tests.fakes.bot_api_world import DROPPED, LOST, Manner, broken, flood
from tests.integration.bot.running import RunningBot, running_bot
from tests.integration.storage.accounts import NOW
from tests.integration.storage.mail import newcomer, states
from tests.integration.storage.scanning import dear_chain, fetch, scan

pytestmark = pytest.mark.timeout(60)
_MOMENTS = count()
REPEAT = "You may have had this message already"


async def test_place_is_recorded_once_and_its_entry_asked_for(bot: RunningBot) -> None:
    ann, user_id = await _join(bot)
    signal = await _signal(bot.store)
    await _tell(bot.store, user_id, alert(signal_id=signal))
    told = await ann.next_message(1)
    assert told.text.startswith("📈 DEAR 30/60 ATM · FF 1.183")
    assert told.labels == ["✅ Place", "✖ Ignore"]
    assert await ann.tap("Place", told).answered() == "Placed"
    question = await ann.next_message(2)
    assert question.asks_for_reply
    assert told.labels == ["✅ Placed"]
    for label_data in ("p:", "i:", "n:"):
        again = await ann.press(told, label_data + signal).answered()
        assert again in {"Already placed", "That is decided already"}
    assert (await ann.ask("1.85 2", reply_to=question)).text == "DEAR entered at 1.85, 2 contracts."
    page = await list_decisions(bot.store, user_id)
    (made,) = page.decisions
    assert (made.entry_price, made.contracts, made.is_open, made.signal_id) == (1.85, 2, True, signal)
    assert (await ann.ask("/price 1.90")).text == "DEAR entered at 1.90, 2 contracts."
    assert "write the debit" in (await ann.ask("lots", reply_to=question)).text
    assert (
        "DEAR 30/60 ATM 1 Jun 14:00 New York: placed, call calendar, in 1.90 x 2, open"
        in (await ann.ask("/history")).text
    )


async def test_ignore_is_recorded_and_stays(bot: RunningBot) -> None:
    ann, user_id = await _join(bot)
    signal = await _signal(bot.store)
    await _tell(bot.store, user_id, alert(signal_id=signal))
    told = await ann.next_message(1)
    assert await ann.tap("Ignore", told).answered() == "Ignored"
    await ann.wait_for(lambda: told.labels == ["✖ Ignored"])
    assert await ann.press(told, f"p:{signal}").answered() == "Already ignored"
    assert "you have no open position" in (await ann.ask("/price 1.85")).text
    assert len(ann.messages) == 3


async def test_taps_that_mean_nothing_change_nothing(bot: RunningBot) -> None:
    ann, user_id = await _join(bot)
    await _tell(bot.store, user_id, alert(signal_id="gone"))
    told = await ann.next_message(1)
    assert "no signal" in await ann.tap("Place", told).answered()
    assert await ann.press(told, "drop table").answered() == "That button does nothing any more"
    eve = bot.telegram.known(4711, "Eve")
    hers = await eve.ask("/help")
    assert "belongs to no account" in await eve.press(hers, "p:gone").answered()
    assert told.labels == ["✅ Place", "✖ Ignore"]
    assert await fetch(bot.store, "SELECT count(*) FROM signal_user_decisions") == [(0,)]


async def test_one_row_of_a_digest_is_decided_by_itself(bot: RunningBot) -> None:
    ann, user_id = await _join(bot)
    await scan(bot.store, [dear_chain("DEAR"), dear_chain("COSTLY")])
    ids = await fetch(bot.store, "SELECT ticker, id FROM signals WHERE back_dte < 70 AND vol_point = 'ATM'")
    for ticker, signal in sorted(ids, reverse=True):
        waiting = alert(signal_id=str(signal), ticker=str(ticker))
        await _tell(bot.store, user_id, waiting, due_in=timedelta(hours=1))
    async with bot.store.unit_of_work() as work:
        assert await work.notifications.gather_digests(NOW + timedelta(hours=1)) == 1
        await work.commit()
    bot.clock.instant = NOW + timedelta(hours=1)
    told = await ann.next_message(1)
    assert told.text.startswith("🌅 2 alerts from your quiet hours")
    assert await ann.tap("Place COSTLY", told).answered() == "Placed"
    await ann.wait_for(lambda: "✅ Placed" in told.labels)
    assert told.labels == ["✅ Place DEAR 30/60", "✖ Ignore", "✅ Placed"]


async def test_what_waited_is_gathered_and_sent_at_start(telegram: BotApiServer, store: Store, store_url: str) -> None:
    ann = telegram.known(42)
    user_id = (await newcomer(store, "42")).user.id
    await _tell(store, user_id, alert(), at=NOW - timedelta(hours=2), due_in=timedelta(hours=1))
    async with running_bot(telegram, store, store_url):
        assert (await ann.next_message(0)).text.startswith("🌅 1 alert from your quiet hours")


async def test_all_chats_of_a_user_are_told_and_any_may_decide(bot: RunningBot) -> None:
    ann, user_id = await _join(bot)
    code = (await ann.ask("/link")).text.split()[-1]
    phone = bot.telegram.person("Ann's phone")
    await phone.ask(f"/link {code}")
    signal = await _signal(bot.store)
    await _tell(bot.store, user_id, alert(signal_id=signal))
    first, second = await ann.next_message(2), await phone.next_message(1)
    assert await phone.tap("Ignore", second).answered() == "Ignored"
    assert await ann.tap("Place", first).answered() == "Already ignored"
    await ann.wait_for(lambda: first.labels == ["✖ Ignored"])


@pytest.mark.parametrize(
    ("manner", "is_repeat"),
    [(flood(7), False), (broken(500), False), (broken(502), True), (DROPPED, True), (LOST, True)],
    ids=["flood", "500", "502", "dropped", "lost"],
)
async def test_whatever_happens_to_a_message_it_comes_in_order(
    bot: RunningBot, manner: Manner, is_repeat: bool
) -> None:
    ann, user_id = await _join(bot)
    bot.telegram.misbehave("sendMessage", manner, chat=ann)
    for text in ("first", "second"):
        await _tell(bot.store, user_id, NoticeFacts(text=text))
    await ann.wait_for(lambda: len(bot.telegram.calls_of("sendMessage")) == 2)
    await asyncio.sleep(0.1)
    before = len(ann.messages)
    bot.clock.instant += timedelta(seconds=8)
    await ann.wait_for(lambda: ann.texts[-1] == "second")
    assert before == 1 + (manner is LOST)
    assert ann.texts[-2].endswith("first")
    assert ann.texts[-2].startswith("⚠️ " + REPEAT) is is_repeat
    await _settled(bot, ann, "sent", "sent")


async def test_a_flooded_chat_holds_up_no_other(bot: RunningBot) -> None:
    ann, ann_id = await _join(bot)
    bob, bob_id = await _join(bot, "Bob")
    bot.telegram.misbehave("sendMessage", flood(3600), chat=ann)
    await _tell(bot.store, ann_id, NoticeFacts(text="to Ann"))
    await _tell(bot.store, bob_id, NoticeFacts(text="to Bob"))
    assert (await bob.next_message(1)).text == "to Bob"
    assert len(ann.messages) == 1


async def test_who_blocks_the_bot_is_left_alone_until_they_write(bot: RunningBot) -> None:
    ann, user_id = await _join(bot)
    ann.block(silently=True)
    await _tell(bot.store, user_id, NoticeFacts(text="first"))
    await _settled(bot, ann, "failed")
    await _tell(bot.store, user_id, NoticeFacts(text="second"))
    (letter,) = await bot.store.deliveries.dead_letters()
    assert "blocked by the user" in (letter.error or "")
    ann.unblock(silently=True)
    await ann.ask("/start")
    await _tell(bot.store, user_id, NoticeFacts(text="third"))
    assert (await ann.next_message(2)).text == "third"


async def test_a_refused_message_ends_as_a_dead_letter_and_may_be_retried(bot: RunningBot) -> None:
    ann, user_id = await _join(bot)
    bot.telegram.misbehave("sendMessage", Manner(400, "Bad Request: message is too long"), chat=ann)
    for text in ("first", "second"):
        await _tell(bot.store, user_id, NoticeFacts(text=text))
    assert (await ann.next_message(1)).text == "second"
    (letter,) = await bot.store.deliveries.dead_letters()
    assert (letter.error or "").startswith("refused: ")
    assert await retry_deliveries(bot.store, bot.clock) == 1
    assert (await ann.next_message(2)).text == "first"


async def test_an_answer_waits_where_telegram_asks_for_it(bot: RunningBot) -> None:
    ann, _ = await _join(bot)
    bot.telegram.misbehave("sendMessage", flood(1), chat=ann)
    for command in ("/list", "/settings"):
        ann.say(command)
    await ann.wait_for(lambda: len(ann.messages) == 3)
    assert ann.texts[1].startswith("You watch nothing")
    assert ann.texts[2].startswith("Your settings")


async def _join(bot: RunningBot, name: str = "Ann") -> tuple[Chat, str]:
    chat = bot.telegram.person(name)
    await chat.ask("/start")
    found = await find_chat(bot.store, str(chat.chat_id))
    assert found is not None
    return chat, found.user.id


async def _settled(bot: RunningBot, chat: Chat, *wanted: str) -> None:
    """Wait until what is or was on its way to a chat is in these states."""
    async with asyncio.timeout(10):
        while [state for state, _ in await states(bot.store, str(chat.chat_id))] != list(wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _signal(store: Store) -> str:
    await scan(store, [dear_chain("DEAR")])
    ((found,),) = await fetch(store, "SELECT id FROM signals WHERE back_dte < 70 AND vol_point = 'ATM'")
    return str(found)


async def _tell(store: Store, user_id: str, facts: AlertFacts | NoticeFacts, **when: Any) -> None:
    at = when.get("at", NOW - timedelta(minutes=1)) + timedelta(microseconds=next(_MOMENTS))
    kind = MessageKind.ALERT if isinstance(facts, AlertFacts) else MessageKind.NOTICE
    key = f"{user_id}|{facts.signal_id if isinstance(facts, AlertFacts) else facts.text}"
    new = NewNotification(user_id, kind, key, at, at + when.get("due_in", timedelta()), facts)
    async with store.unit_of_work() as work:
        assert await work.notifications.add([new]) == 1
        await work.commit()
