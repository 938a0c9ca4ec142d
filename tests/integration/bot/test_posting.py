"""Several processes deliver at once: every chat gets every message once, in order, one at a time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from forward_factor.storage.store import open_store
from tests.fakes.bot_api import BotApiServer
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.mail import newcomer, owe
from tests.servers.postgres import PostgresServer

REPOSITORY = Path(__file__).resolve().parents[3]
PROCESSES, CHATS, TEXTS = 3, 15, ("first", "second", "third")


@pytest.mark.postgresql
@pytest.mark.timeout(120)
async def test_many_processes_send_every_message_once(telegram: BotApiServer, postgres_server: PostgresServer) -> None:
    url = postgres_server.cloned_url("newest", build)
    chats = [telegram.known(1000 + number) for number in range(CHATS)]
    async with open_store(url, POOL) as store:
        for chat in chats:
            one = await newcomer(store, str(chat.chat_id))
            await owe(store, one.user.id, [str(chat.chat_id)], *TEXTS)
        processes = [_start(url, telegram) for _ in range(PROCESSES)]
        for process in processes:
            assert process.stdout is not None
            await asyncio.to_thread(process.stdout.readline)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        await chats[0].wait_for(lambda: all(len(one.messages) >= len(TEXTS) for one in chats), 60)
        said = await asyncio.gather(*(asyncio.to_thread(process.communicate, timeout=30) for process in processes))
        assert [process.returncode for process in processes] == [0] * PROCESSES, said
        assert await store.deliveries.count_by_state() == {"sent": CHATS * len(TEXTS)}
    assert [one.texts for one in chats] == [list(TEXTS)] * CHATS
    assert sum("message sent" in out for out, _ in said) >= 2, "one process had to do it all"


def _start(url: str, telegram: BotApiServer) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.integration.bot.posting", url, telegram.url, telegram.token]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
