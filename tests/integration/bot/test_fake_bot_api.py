"""The fake Bot API keeps the real one's limits, so that a bot which passes here passes there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from telegram import Bot, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)

from tests.fakes.bot_api import BotApiServer
from tests.fakes.bot_api_people import Chat
from tests.fakes.bot_api_world import DROPPED, LOST, broken, flood, slow


@pytest.fixture
async def bot(telegram: BotApiServer) -> AsyncIterator[Bot]:
    async with Bot(telegram.token, base_url=f"{telegram.url}/bot") as opened:
        yield opened


@pytest.fixture
def ann(telegram: BotApiServer) -> Chat:
    return telegram.known(42, "Ann")


async def test_updates_wait_until_they_are_confirmed(telegram: BotApiServer, bot: Bot) -> None:
    ann = telegram.person()
    ann.say("/start now")
    first = await bot.get_updates(timeout=1)
    again = await bot.get_updates(timeout=1)
    assert [one.update_id for one in first] == [one.update_id for one in again]
    message = first[0].message
    assert message is not None
    assert (message.text, message.chat.id) == ("/start now", ann.chat_id)
    assert message.parse_entities() == {message.entities[0]: "/start"}
    assert not await bot.get_updates(offset=first[0].update_id + 1, timeout=0)
    assert not await bot.get_updates(timeout=0)


async def test_a_poll_waits_for_what_comes(telegram: BotApiServer, bot: Bot) -> None:
    polling = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)
    assert not polling.done()
    telegram.person().say("hello")
    assert len(await asyncio.wait_for(polling, 2)) == 1


async def test_a_second_poller_ends_the_first(telegram: BotApiServer, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.2)
    async with Bot(telegram.token, base_url=f"{telegram.url}/bot") as other:
        await other.get_updates(timeout=0)
    with pytest.raises(Conflict):
        await first


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "text is empty"),
        (" \n", "text is empty"),
        ("<b></b>", "text is empty"),
        ("x" * 4097, "too long"),
        ("😀" * 2049, "too long"),
        ("a <b>b", "can't parse entities: Can't find end tag"),
        ("a </b>", "can't parse entities: Unexpected end tag"),
        ("<b>a</i>", "can't parse entities: Unmatched end tag"),
        ("1 < 2", "can't parse entities: Unsupported start tag"),
        ("<table>x</table>", 'can\'t parse entities: Unsupported start tag "table"'),
        ("a <b", "can't parse entities: Unclosed start tag"),
        ("<a href>x</a>", "can't parse entities: Expected equal sign"),
    ],
)
async def test_bad_texts_are_refused(bot: Bot, ann: Chat, text: str, refusal: str) -> None:
    with pytest.raises(BadRequest, match=f"(?i){refusal}"):
        await bot.send_message(ann.chat_id, text, parse_mode="HTML")
    assert ann.messages == []


async def test_markup_is_not_part_of_the_length(bot: Bot, ann: Chat) -> None:
    await bot.send_message(ann.chat_id, "<b>" + "&amp;" * 4096 + "</b>", parse_mode="HTML")
    await bot.send_message(ann.chat_id, "A&B &#65;&lt;<i>😀x</i> <a href='http://x.de'>y</a>", parse_mode="HTML")
    assert ann.texts[0] == "&" * 4096
    assert ann.texts[1] == "A&B A<😀x y"
    assert [(one["type"], one["offset"], one["length"]) for one in ann.messages[1].entities] == [
        ("italic", 6, 3),
        ("text_link", 10, 1),
    ]


async def test_markdown_is_read_as_strictly(bot: Bot, ann: Chat) -> None:
    for text in ("1.5", "a_b", "*a", "`x", "a-b", "[a](b"):
        with pytest.raises(BadRequest, match=r"(?i)can't parse entities"):
            await bot.send_message(ann.chat_id, text, parse_mode="MarkdownV2")
    await bot.send_message(ann.chat_id, r"*1\.5* __u__ [l](http://x.de) `a-b`", parse_mode="MarkdownV2")
    assert ann.texts == ["1.5 u l a-b"]


async def test_buttons_have_their_limits(bot: Bot, ann: Chat) -> None:
    for data in ("ä" * 32, "x"):
        buttons = InlineKeyboardMarkup([[InlineKeyboardButton("Place", callback_data=data)]])
        await bot.send_message(ann.chat_id, "ok", reply_markup=buttons)
    too_long = InlineKeyboardMarkup([[InlineKeyboardButton("Place", callback_data="ä" * 32 + "x")]])
    with pytest.raises(BadRequest, match=r"(?i)BUTTON_DATA_INVALID"):
        await bot.send_message(ann.chat_id, "no", reply_markup=too_long)
    assert ann.texts == ["ok", "ok"]


async def test_photos_are_looked_at(bot: Bot, ann: Chat) -> None:
    with pytest.raises(BadRequest, match=r"(?i)IMAGE_PROCESS_FAILED"):
        await bot.send_photo(ann.chat_id, b"no picture")
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (800).to_bytes(4) + (500).to_bytes(4)
    with pytest.raises(BadRequest, match=r"(?i)caption is too long"):
        await bot.send_photo(ann.chat_id, png, caption="x" * 1025)
    await bot.send_photo(ann.chat_id, png, caption="<b>x</b>", parse_mode="HTML")
    assert [(one.text, one.photo) for one in ann.messages] == [("x", png)]


async def test_chats_refuse(telegram: BotApiServer, bot: Bot, ann: Chat) -> None:
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(4711, "x")
    with pytest.raises(Forbidden, match=r"(?i)can't initiate"):
        await bot.send_message(telegram.person().chat_id, "x")
    ann.block()
    with pytest.raises(Forbidden, match=r"(?i)blocked by the user"):
        await bot.send_message(ann.chat_id, "x")
    group = telegram.group()
    group.migrate(-100123)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.chat_id, "x")
    assert moved.value.new_chat_id == -100123
    kinds = [one.my_chat_member and one.my_chat_member.new_chat_member.status for one in await bot.get_updates()]
    assert kinds == ["kicked", None, None]


async def test_it_misbehaves_as_it_is_told(telegram: BotApiServer, bot: Bot, ann: Chat) -> None:
    telegram.misbehave("sendMessage", flood(3), broken(), DROPPED, LOST, slow(0.3), chat=ann)
    with pytest.raises(RetryAfter):
        await bot.send_message(ann.chat_id, "flooded")
    for text in ("broken", "dropped", "lost"):
        with pytest.raises(NetworkError):
            await bot.send_message(ann.chat_id, text)
    with pytest.raises(TimedOut):
        await bot.send_message(ann.chat_id, "slow", read_timeout=0.1)
    await asyncio.sleep(0.4)
    await bot.send_message(ann.chat_id, "well")
    assert ann.texts == ["lost", "slow", "well"]
    assert [one.status for one in telegram.calls_of("sendMessage")] == [429, 502, 0, 200, 200, 200]


async def test_one_chat_may_be_held_to_a_rate(telegram: BotApiServer, bot: Bot, ann: Chat) -> None:
    telegram.world.seconds_a_chat = 0.2
    await bot.send_message(ann.chat_id, "one")
    with pytest.raises(RetryAfter):
        await bot.send_message(ann.chat_id, "two")
    await asyncio.sleep(0.2)
    await bot.send_message(ann.chat_id, "three")


async def test_taps_answers_replies_and_edits(telegram: BotApiServer, bot: Bot, ann: Chat) -> None:
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("Place", callback_data="p:1")]])
    sent = await bot.send_message(ann.chat_id, "alert", reply_markup=buttons)
    tap = ann.tap("Place")
    query = (await bot.get_updates())[0].callback_query
    assert query is not None
    assert (query.data, query.message and query.message.message_id) == ("p:1", sent.message_id)
    await query.answer("placed")
    assert await tap.answered() == "placed"
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await query.answer("again")
    await bot.edit_message_reply_markup(ann.chat_id, sent.message_id, reply_markup=None)
    with pytest.raises(BadRequest, match=r"(?i)not modified"):
        await bot.edit_message_reply_markup(ann.chat_id, sent.message_id, reply_markup=None)
    await bot.send_message(
        ann.chat_id, "price?", reply_markup=ForceReply(), reply_parameters=ReplyParameters(sent.message_id)
    )
    with pytest.raises(BadRequest, match=r"(?i)replied not found"):
        await bot.send_message(ann.chat_id, "x", reply_parameters=ReplyParameters(999))
    said = ann.say("1.85 2", reply_to=ann.messages[-1])
    ann.edit(said, "1.9 2")
    first, second = (await bot.get_updates())[1:]
    assert first.message is not None
    assert second.edited_message is not None
    assert first.message.reply_to_message is not None
    assert (first.message.reply_to_message.text, second.edited_message.text) == ("price?", "1.9 2")
    assert ann.messages[-1].asks_for_reply


async def test_the_token_is_checked(telegram: BotApiServer) -> None:
    for token in ("1:wrong", "none"):
        with pytest.raises(InvalidToken):
            async with Bot(token, base_url=f"{telegram.url}/bot"):
                pass


async def test_a_webhook_takes_the_place_of_polling(bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/telegram", secret_token="s" * 20)
    with pytest.raises(Conflict, match=r"(?i)webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates(timeout=0) == ()
    await bot.set_my_commands([("start", "Begin")])
    with pytest.raises(BadRequest, match=r"(?i)BOT_COMMAND_INVALID"):
        await bot.set_my_commands([("Start", "Begin")])
