"""The plan's manual checklist by machine: everything in one process, and one process a service as compose does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.compose import read_compose
from tests.e2e.command import COMMAND
from tests.e2e.fleet import IN_SESSION, Fleet, fleet, free_port, standing_at
from tests.fakes.bot_api import BotApiServer
from tests.fakes.bot_api_people import Chat
from tests.servers.fixtures import _leased, _marked

DAY_BEFORE_EXPIRY = datetime(2026, 12, 17, 14, 31, tzinfo=UTC)
"""A minute after the open on the last trading day before the front expiry that a scan of ``IN_SESSION`` finds."""
PASSWORD = "correct horse battery"
QUICK = {"SCAN_CADENCE_HIGH": "0.04", "SCAN_CADENCE_MEDIUM": "0.04", "SCAN_CADENCE_LOW": "0.04"}
SECRET = "a secret of thirty-two letters or so"


@pytest.fixture(params=_marked(("sqlite", "postgresql")))
def store_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_templates: Path) -> Iterator[str]:
    """An empty database: a file for the one process, a server's for many."""
    for server in _leased(request, tmp_path, sqlite_templates):
        yield server.new_url()


@pytest.fixture
def telegram() -> Iterator[BotApiServer]:
    with BotApiServer() as server:
        yield server


@dataclass
class Installation:
    """One installation, whose services start anew at another time."""

    directory: Path
    url: str
    telegram: BotApiServer
    port: int = field(default_factory=free_port)

    @property
    def is_one_process(self) -> bool:
        return self.url.startswith("sqlite")

    def environment(self, instant: datetime) -> dict[str, str]:
        return {
            "DATABASE_URL": self.url,
            "SCAN_PROVIDER": "simulated",
            "DISCOVERY_SIZE": "0",
            "TELEGRAM_BOT_TOKEN": self.telegram.token,
            "TELEGRAM_API_BASE": self.telegram.url,
            "SECRET_KEY": SECRET,
            "CLOCK_OFFSET_SECONDS": standing_at(instant),
            "DB_PASSWORD": "not used",
            **QUICK,
        }

    def start(self, services: Fleet, instant: datetime) -> None:
        """Start everything as a user would: `up`, or the processes of compose.yaml in their order."""
        given = self.environment(instant)
        here = {"API_HOST": "127.0.0.1", "API_PORT": str(self.port)}
        if self.is_one_process:
            services.environment = given | here
            services.start("up")
            return
        for one in read_compose(given).processes():
            services.environment = {**one.environment, **here}
            argv = one.command(COMMAND)
            assert tuple(argv[: len(COMMAND)]) == COMMAND
            begun = services.start(one.name, *argv[len(COMMAND) :])
            if one.ends:
                assert begun.process.wait(timeout=60) == 0, services.tails()
                del services.services[one.name]

    def service(self, name: str) -> str:
        """Return in which log a service writes."""
        return "up" if self.is_one_process else name


@dataclass
class Client:
    """The API as a user's program calls it."""

    services: Fleet
    base: str
    token: str = ""

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return httpx.request(method, f"{self.base}/api/v1{path}", headers=headers, timeout=20, **more)

    def json(self, method: str, path: str, **more: Any) -> Any:
        answer = self.ask(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}\n{self.services.tails()}"
        return answer.json()

    def is_up(self) -> bool:
        try:
            return self.ask("GET", "/health/db").is_success
        except httpx.HTTPError:
            return False

    def log_in(self) -> None:
        who = {"email": "ann@example.com", "password": PASSWORD}
        self.token = self.json("POST", "/auth/login", json=who)["access_token"]


def ask(chat: Chat, text: str) -> str:
    """Write to the bot and return its answer."""
    return asyncio.run(chat.ask(text, seconds=30)).text


def test_the_checklist(tmp_path: Path, store_url: str, telegram: BotApiServer) -> None:
    installation = Installation(tmp_path, store_url, telegram)
    chat = telegram.person("Ann")
    with fleet(tmp_path, {}) as services:
        installation.start(services, IN_SESSION)
        client = Client(services, f"http://127.0.0.1:{installation.port}")
        services.wait_until(client.is_up, "the API answers")
        _check_health(client, installation)
        _register_and_link(client, chat)
        signal_id = _place_an_alert(client, chat, services)
        _check_logs(services, installation)
        assert set(services.stop().values()) == {0}, services.tails()
    with fleet(tmp_path, {}) as services:
        installation.start(services, DAY_BEFORE_EXPIRY)
        reminded = lambda: any("⏰" in text and "AAPL" in text for text in chat.texts)  # noqa: E731
        services.wait_until(reminded, "the reminder comes a day before expiry")
        client.services = services
        services.wait_until(client.is_up, "the API answers")
        client.log_in()
        kinds = {one["facts"]["reminder"]: one["state"] for one in client.json("GET", "/reminders")["items"]}
        assert kinds["day_before_expiry"] == "sent"
        assert kinds["expiry_morning"] == "open"
        closed = client.json("PATCH", f"/signals/{signal_id}/decision", json={"exit_price": 3.0})
        assert closed["pnl"] == pytest.approx((3.0 - 1.85) * 2 * 100)
        assert set(services.stop().values()) == {0}, services.tails()
    _check_secrets(tmp_path, telegram.token)


def _check_health(client: Client, installation: Installation) -> None:
    assert client.json("GET", "/health")["status"] == "healthy"
    found = client.json("GET", "/health/db")
    assert found["database"] == ("sqlite" if installation.is_one_process else "postgresql")
    assert found["schema_level"] == found["newest_level"]
    root = httpx.get(f"{client.base}/health/db", timeout=20).json()
    assert root["status"] == "healthy"


def _register_and_link(client: Client, chat: Chat) -> None:
    who = {"email": "ann@example.com", "password": PASSWORD}
    client.json("POST", "/auth/register", json=who)
    client.log_in()
    assert "Forward Factor" in ask(chat, "/start")
    code = client.json("POST", "/telegram/link-code")["code"]
    ask(chat, f"/link {code}")
    assert [one["chat_id"] for one in client.json("GET", "/telegram/chats")["items"]] == [str(chat.chat_id)]
    assert "AAPL" in ask(chat, "/watchlist add AAPL")
    (watched,) = client.json("GET", "/watchlist")["items"]
    assert watched["ticker"] == "AAPL"


def _place_an_alert(client: Client, chat: Chat, services: Fleet) -> str:
    def alerts() -> list[Any]:
        return [one for one in chat.messages if "📈" in one.text and "AAPL" in one.text]

    services.wait_until(alerts, "an alert on AAPL comes")
    alert = alerts()[0]
    signal_id = str(alert.buttons[0][0].data).partition(":")[2]
    found = client.json("GET", f"/signals/{signal_id}")
    assert found["ticker"] == "AAPL"
    assert "laced" in asyncio.run(chat.tap("Place", alert).answered(30))
    services.wait_until(lambda: [one for one in chat.messages if one.asks_for_reply], "the bot asks for the entry")
    chat.say("1.85 2", next(one for one in chat.messages if one.asks_for_reply))
    entered = lambda: client.json("GET", "/decisions")["items"][0]["entry_price"] == 1.85  # noqa: E731
    services.wait_until(entered, "the entry is stored")
    (decision,) = client.json("GET", "/decisions")["items"]
    assert (decision["signal_id"], decision["decision"], decision["contracts"]) == (signal_id, "placed", 2)
    again = asyncio.run(chat.press(alert, alert.buttons[0][0].data).answered(30))
    assert "lready" in again
    assert len(client.json("GET", "/decisions")["items"]) == 1
    return signal_id


def _check_logs(services: Fleet, installation: Installation) -> None:
    """The logs tell the story: what was due, what was scanned, what was sent."""
    stories = {
        "scheduler": r"\"scheduled\"",
        "worker": r"\"scanned\"",
        "bot": r"\"message sent\"",
        "api": r"\"request\"",
    }
    for name, story in stories.items():
        assert services.saw(installation.service(name), story), f"{name}: {story}\n{services.tails()}"
    assert not services.saw(installation.service("worker"), "Traceback")


def _check_secrets(directory: Path, token: str) -> None:
    for log in (directory / "logs").iterdir():
        text = log.read_text(errors="replace")
        for secret in (token, token.partition(":")[2], PASSWORD, SECRET):
            assert secret not in text, f"{log.name} holds a secret"
