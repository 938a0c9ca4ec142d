"""The bot as a process of its own: killed while it sends and while it answers, stopped, and listened to."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forward_factor.services.find_chat import find_chat
from forward_factor.storage.store import Store, open_store
from tests.e2e.fleet import Fleet, fleet
from tests.fakes.bot_api import BotApiServer
from tests.fakes.bot_api_people import Chat
from tests.fakes.bot_api_world import DROPPED, broken, flood, held
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.mail import owe, states
from tests.servers.postgres import PostgresServer

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(180)]
REPEATED = "You may have had this message already"
LONG_S = 30.0
CLAIM_IS_OVER = timedelta(seconds=60)


@pytest.fixture
def telegram() -> Iterator[BotApiServer]:
    with BotApiServer() as server:
        yield server


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    return postgres_server.cloned_url("newest", build)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, POOL) as opened:
        yield opened


@pytest.fixture
def services(tmp_path: Path, url: str, telegram: BotApiServer) -> Iterator[Fleet]:
    environment = {
        "DATABASE_URL": url,
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_API_BASE": telegram.url,
        "LOG_LEVEL": "DEBUG",
    }
    with fleet(tmp_path, environment) as made:
        yield made
        for name in made.services:
            assert telegram.token not in made.log_of(name)
            assert "Traceback" not in made.log_of(name)


async def test_killed_between_the_answer_and_the_note(services: Fleet, store: Store, telegram: BotApiServer) -> None:
    """What was taken and not noted comes again and says so; what was behind it comes once, after it."""
    services.start("bot")
    ann, user_id = await _join(store, telegram)
    telegram.misbehave("sendMessage", held(LONG_S), chat=ann)
    await owe(store, user_id, [str(ann.chat_id)], "first", "second", at=datetime.now(UTC))
    await ann.wait_for(lambda: ann.texts[-1] == "first", 30)
    services.services["bot"].kill()
    assert await states(store, str(ann.chat_id)) == [("sending", 1), ("open", 0)]
    services.environment["CLOCK_OFFSET_SECONDS"] = str(CLAIM_IS_OVER.total_seconds())
    services.restart("bot")
    await ann.wait_for(lambda: ann.texts[-1] == "second", 30)
    assert ann.texts[1] == "first"
    assert REPEATED in ann.texts[2]
    assert ann.texts[2].endswith("first")
    assert ann.texts[3:] == ["second"]
    assert services.stop() == {"bot": 0}
    assert await states(store, str(ann.chat_id)) == [("sent", 2), ("sent", 1)]
    assert services.saw("bot", '"repeated": true')


async def test_killed_while_it_answers(services: Fleet, store: Store, telegram: BotApiServer) -> None:
    """What somebody wrote is not confirmed before it was handled, so the next process handles it."""
    services.start("bot")
    ann, _ = await _join(store, telegram)
    telegram.misbehave("sendMessage", held(LONG_S), chat=ann)
    ann.say("/add AAPL")
    ann.say("/add MSFT")
    await ann.wait_for(lambda: ann.texts[-1] == "Watching AAPL now.", 30)
    services.services["bot"].kill()
    services.restart("bot")
    await ann.wait_for(lambda: ann.texts[-1] == "Watching MSFT now.", 30)
    assert ann.texts[1:] == ["Watching AAPL now.", "Already on your list: AAPL.", "Watching MSFT now."]


async def test_it_stops_when_it_is_told_and_tells_its_story(
    services: Fleet, store: Store, telegram: BotApiServer
) -> None:
    telegram.misbehave("getMe", broken(), DROPPED)
    services.start("bot")
    ann, user_id = await _join(store, telegram)
    telegram.misbehave("getUpdates", broken(), DROPPED)
    telegram.misbehave("sendMessage", flood(1), DROPPED, chat=ann)
    telegram.misbehave("sendMessage", held(1.5), chat=ann)
    await owe(store, user_id, [str(ann.chat_id)], "first", "second", at=datetime.now(UTC))
    await ann.wait_for(lambda: ann.texts[-1].endswith("first"), 60)
    began = time.monotonic()
    assert services.services["bot"].stop() == 0
    assert time.monotonic() - began < 10
    assert await states(store, str(ann.chat_id)) == [("sent", 3), ("open", 0)]
    for event in ("bot waits for Telegram", "bot is at work", "message put off", "message sent", "bot has stopped"):
        assert services.saw("bot", f'"event": "{event}"'), event
    services.restart("bot")
    await ann.wait_for(lambda: ann.texts[-1] == "second", 30)
    assert sum("second" in text for text in ann.texts) == 1


async def test_a_token_telegram_does_not_know_is_said_and_not_shown(services: Fleet, telegram: BotApiServer) -> None:
    wrong = "7000002:AAWrongTokenOfTheTestsDoNotUse_123456789"
    services.environment["TELEGRAM_BOT_TOKEN"] = wrong
    assert services.start("bot").process.wait(timeout=60) == 2
    assert "Telegram does not know the token in TELEGRAM_BOT_TOKEN" in services.log_of("bot")
    assert wrong not in services.log_of("bot")


async def _join(store: Store, telegram: BotApiServer) -> tuple[Chat, str]:
    ann = telegram.person()
    await ann.ask("/start", seconds=60)
    found = await find_chat(store, str(ann.chat_id))
    assert found is not None
    return ann, found.user.id
