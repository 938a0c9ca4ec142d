"""A store for the bot's tests: what it does is the same on every store, so SQLite stands for all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from forward_factor.storage.store import Store, open_store
from tests.fakes.bot_api import BotApiServer
from tests.integration.bot.running import RunningBot, running_bot
from tests.integration.storage.conftest import POOL, build
from tests.servers.store import SqliteStore


@pytest.fixture
def store_url(tmp_path: Path, sqlite_templates: Path) -> str:
    """A SQLite file at the newest schema."""
    return SqliteStore(tmp_path, sqlite_templates).cloned_url("newest", build)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open store."""
    async with open_store(store_url, POOL) as opened:
        yield opened


@pytest.fixture
def telegram() -> Iterator[BotApiServer]:
    """A Telegram of the test's own."""
    with BotApiServer() as server:
        yield server


@pytest.fixture
async def bot(telegram: BotApiServer, store: Store, store_url: str) -> AsyncIterator[RunningBot]:
    """A bot at work."""
    async with running_bot(telegram, store, store_url) as running:
        yield running
