"""The bot as a service: it waits for what is away, takes updates by polling or webhook, and tells no token."""

from __future__ import annotations

import asyncio
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from structlog.testing import LogCapture
from telegram import Bot

from forward_factor.bot import dispatch, serve
from forward_factor.bot.serve import serve_bot
from forward_factor.bot.webhook import SECRET_HEADER, webhook_secret
from forward_factor.errors import InvalidSettings, StoreUnavailable
from forward_factor.notify.redaction import redact_event
from forward_factor.storage.store import Store
from tests.fakes.bot_api import BotApiServer
from tests.fakes.bot_api_world import DROPPED, LOST, Manner, broken, flood
from tests.integration.bot.running import RunningBot, running_bot
from tests.integration.storage.scanning import fetch

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What is logged, with tokens taken out as they are by the command line."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.processors.format_exc_info, redact_event, capture])
    yield capture.entries
    structlog.configure(processors=before)


async def test_it_waits_for_telegram(
    telegram: BotApiServer, store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    monkeypatch.setattr(serve, "FIRST_PAUSE_S", 0.02)
    telegram.misbehave("getMe", broken(), DROPPED, LOST, flood(1))
    telegram.misbehave("setMyCommands", broken(500))
    async with running_bot(telegram, store, store_url):
        assert (await telegram.person().ask("/start")).text.startswith("Welcome")
    assert [one["event"] for one in logged].count("bot waits for Telegram") == 5
    assert telegram.token not in str(logged)


@pytest.mark.parametrize("token", ["7000001:AAWrongTokenOfTheTestsDoNotUse_123456789", "nonsense"])
async def test_a_wrong_token_ends_it_and_is_not_told(
    telegram: BotApiServer, store: Store, store_url: str, token: str, logged: list[Any]
) -> None:
    async with running_bot(telegram, store, store_url) as running:
        application = running.application
    wrong = application.settings.model_copy(update={"telegram_bot_token": SecretStr(token)})
    with pytest.raises(InvalidSettings, match="does not know the token") as refusal:
        await serve_bot(replace(application, settings=wrong), asyncio.Event())
    assert token not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert token not in str(logged)


async def test_without_a_token_it_says_so_and_waits(
    telegram: BotApiServer, store: Store, store_url: str, logged: list[Any]
) -> None:
    async with running_bot(telegram, store, store_url, telegram_bot_token=None) as running:
        async with asyncio.timeout(10):
            while not await fetch(store, "SELECT 1 FROM service_heartbeats WHERE service = 'bot'"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert not running.stop.is_set()
    assert telegram.calls == []
    assert "TELEGRAM_BOT_TOKEN is not set" in str(logged)


async def test_polling_goes_on_whatever_happens(
    bot: RunningBot, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    monkeypatch.setattr("forward_factor.bot.updates.FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr("forward_factor.bot.updates.CONFLICT_PAUSE_S", 0.1)
    ann = bot.telegram.person()
    await ann.ask("/start")
    bot.telegram.misbehave("getUpdates", broken(), DROPPED, Manner(409, "Conflict: terminated"), LOST)
    for _ in range(5):
        assert (await ann.ask("/list")).text.startswith("You watch nothing")
    async with Bot(bot.telegram.token, base_url=f"{bot.telegram.url}/bot") as other:
        await other.get_updates(timeout=0)
    assert (await ann.ask("/list")).text.startswith("You watch nothing")
    assert bot.telegram.token not in str(logged)


async def test_what_was_answered_is_not_answered_again_by_the_next(
    telegram: BotApiServer, store: Store, store_url: str
) -> None:
    ann = telegram.person()
    async with running_bot(telegram, store, store_url):
        await ann.ask("/start")
    ann.say("/list")
    async with running_bot(telegram, store, store_url):
        await ann.wait_for(lambda: len(ann.messages) == 2)
        await ann.ask("/me")
    assert [text.split()[0] for text in ann.texts] == ["Welcome", "You", "Account:"]


async def test_a_database_that_is_away_is_said_to_be(bot: RunningBot, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = bot.telegram.person()
    await ann.ask("/start")

    async def away(*_: object) -> None:
        raise StoreUnavailable("the database cannot be reached: connection refused at 10.0.0.1")

    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "find_chat", away)
        said = await ann.ask("/list")
        assert said.text == "The database cannot be reached just now. Please try again in a minute."
        assert "cannot be reached" in await ann.press(said, "p:s1").answered()
    assert (await ann.ask("/list")).text.startswith("You watch nothing")


async def test_what_nobody_foresaw_is_logged_and_said(
    bot: RunningBot, monkeypatch: pytest.MonkeyPatch, logged: list[Any]
) -> None:
    ann = bot.telegram.person()
    await ann.ask("/start")

    async def broken_find(*_: object) -> None:
        raise ZeroDivisionError(f"at https://api.telegram.org/bot{bot.telegram.token}/getMe")

    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "find_chat", broken_find)
        said = await ann.ask("/list")
        assert said.text.startswith("Something went wrong here")
        assert "Something went wrong" in await ann.press(said, "p:s1").answered()
    assert "ZeroDivisionError" in str(logged)
    assert bot.telegram.token not in str(logged)
    assert "/bot<token>/getMe" in str(logged)


async def test_a_webhook_brings_updates(telegram: BotApiServer, store: Store, store_url: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/telegram"
    ann = telegram.person()
    async with running_bot(telegram, store, store_url, telegram_webhook_url=url, telegram_webhook_port=port):
        assert (await ann.ask("/start")).text.startswith("Welcome")
        assert (await ann.ask("/add AAPL")).text == "Watching AAPL now."
        assert telegram.token not in str(telegram.world.webhook)
        for headers, body, status in (
            ({}, b"{}", 403),
            ({SECRET_HEADER: "guess"}, b"{}", 403),
            ({SECRET_HEADER: webhook_secret(telegram.token)}, b"no json", 400),
        ):
            assert await asyncio.to_thread(_post, url, headers, body) == status
    async with running_bot(telegram, store, store_url):
        assert (await ann.ask("/list")).text == "You watch 1\nAAPL"


def _post(url: str, headers: dict[str, str], body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code
