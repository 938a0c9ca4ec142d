"""Services killed at random moments of a busy run: every alert arrives, none twice, and every slot has its answer."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from forward_factor.clock import SystemClock
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.change_settings import change_settings
from forward_factor.storage.store import Store, open_store
from forward_factor.storage.tables import TelegramChat, table_of
from tests.e2e.fleet import IN_SESSION, Fleet, fleet, free_port
from tests.fakes.bot_api import BotApiServer
from tests.fakes.bot_api_people import Chat
from tests.integration.storage.accounts import register
from tests.integration.storage.conftest import POOL, build
from tests.servers.postgres import PostgresServer

log = logging.getLogger(__name__)

USERS = 4
REPEATED = "You may have had this message already"
LOOSE = {
    "ff_threshold": -0.9,
    "max_bid_ask_pct": 2.0,
    "min_open_interest": 0,
    "min_volume": 0,
    "sigma_fwd_floor": 0.0,
    "stability_scans": 1,
    "cooldown_minutes": 0,
    "ex_earnings": True,
}
NEEDED_RISE = 0.02
SERVICES = {
    "api": ("api",),
    "scheduler": ("scheduler",),
    "worker-1": ("worker", "--only", "scans"),
    "worker-2": ("worker", "--only", "scans"),
    "reminders": ("reminders",),
    "bot": ("bot",),
}


@dataclass
class Run:
    """A busy run: who watches what since when, and the chats they read."""

    store: Store
    clock: SystemClock
    telegram: BotApiServer
    chats: dict[str, list[Chat]] = field(default_factory=dict)
    watched: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def enrol(self) -> None:
        """Make users who are told of every priced candidate, some in two chats."""
        for number in range(USERS):
            user = await register(self.store, f"user{number}@x.de")
            await change_settings(self.store, user.id, LOOSE)
            self.chats[user.id] = [self.telegram.person(f"u{number}c{one}") for one in range(1 + number % 2)]
            for chat in self.chats[user.id]:
                chat.say("hello")
                await self._link(user.id, chat)

    async def _link(self, user_id: str, chat: Chat) -> None:
        row = {"chat_id": str(chat.chat_id), "user_id": user_id, "is_active": True, "title": "a chat"}
        async with self.store.engine.begin() as connection:
            await connection.execute(insert(table_of(TelegramChat)).values(row))

    async def watch(self, number: int) -> None:
        """Put another ticker on somebody's watchlist."""
        user = list(self.chats)[number % USERS]
        ticker = f"SIM{1 + number % 97:04d}"
        if (user, ticker) not in self.watched:
            await add_to_watchlist(self.store, self.clock, user, [ticker])
            self.watched[user, ticker] = self.clock.now()

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.store.engine.connect() as connection:
            return (await connection.execute(text(statement), values)).all()

    async def is_settled(self) -> bool:
        """Return whether nothing is on its way, and every watched ticker has been scanned since it was watched."""
        (undelivered,) = (await self.rows("SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'failed')"))[0]
        scans = dict(await self.rows("SELECT ticker, max(as_of_ts) FROM option_chain_snapshots GROUP BY 1"))
        early = datetime.min.replace(tzinfo=UTC)
        return not undelivered and all(scans.get(one, early) > since for (_, one), since in self.watched.items())


@pytest.mark.timeout(280)
async def test_a_few_kills(tmp_path: Path, postgres_server: PostgresServer) -> None:
    await _busy_run(tmp_path, postgres_server, kills=4, seed=1)


@pytest.mark.drill
@pytest.mark.timeout(900)
async def test_twenty_kills(tmp_path: Path, postgres_server: PostgresServer) -> None:
    await _busy_run(tmp_path, postgres_server, kills=20, seed=int(time.time()))


@pytest.mark.timeout(280)
async def test_a_server_that_restarts(tmp_path: Path) -> None:
    """PostgreSQL goes away and comes back under load: nobody has to start a service again."""
    server = PostgresServer()
    try:
        await _busy_run(tmp_path, server, kills=0, seed=2, restarts=2)
    finally:
        server.stop()


async def _busy_run(directory: Path, server: PostgresServer, *, kills: int, seed: int, restarts: int = 0) -> None:
    chance = random.Random(seed)
    url = server.cloned_url("newest", build)
    offset = IN_SESSION - datetime.now(UTC)
    with BotApiServer() as telegram, fleet(directory, _environment(url, telegram, offset)) as services:
        async with open_store(url, POOL) as store:
            run = Run(store, SystemClock(offset), telegram)
            await run.enrol()
            for name, arguments in SERVICES.items():
                services.start(name, *arguments)
            number = 0
            for _ in range(3):
                number = await _be_busy(run, number, 1.0)
            for _ in range(kills):
                number = await _be_busy(run, number, chance.uniform(0.5, 2.5))
                name = chance.choice(list(SERVICES))
                services.services[name].kill()
                services.restart(name)
            for _ in range(restarts):
                number = await _be_busy(run, number, 2.0)
                await asyncio.to_thread(server.restart)
                await store.engine.dispose()
            await _be_busy(run, number, 2.0)
            await _settle(run, services)
            await asyncio.to_thread(services.stop)
            await _check(run, services, seed)


def _environment(url: str, telegram: BotApiServer, offset: timedelta) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "SCAN_PROVIDER": "simulated",
        "DISCOVERY_SIZE": "0",
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_API_BASE": telegram.url,
        "API_PORT": str(free_port()),
        "CLOCK_OFFSET_SECONDS": f"{offset.total_seconds():.3f}",
        "SCAN_CADENCE_HIGH": "0.05",
        "SCAN_CADENCE_MEDIUM": "0.05",
        "SCAN_CADENCE_LOW": "0.05",
    }


async def _be_busy(run: Run, number: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await run.watch(number)
        number += 1
        await asyncio.sleep(0.15)
    return number


async def _settle(run: Run, services: Fleet) -> None:
    until = time.monotonic() + 120
    while not await run.is_settled():
        assert time.monotonic() < until, f"not settled\n{services.tails(12)}"
        ended = [one.name for one in services.services.values() if not one.is_running]
        assert not ended, f"{ended} ended by itself\n{services.tails()}"
        await asyncio.sleep(0.5)


async def _check(run: Run, services: Fleet, seed: int) -> None:
    told = await run.rows("SELECT id, user_id, ticker, signal_id, facts FROM notifications ORDER BY created_at")
    await _check_alerts(run, told)
    repeats = _check_chats(run, told)
    unsettled = await run.rows("SELECT * FROM scan_slots WHERE state = 'open' AND due_at < :at", at=_minute_ago(run))
    assert not unsettled
    failed = await run.rows("SELECT ticker, reason FROM scan_slots WHERE state = 'failed'")
    assert not failed, failed
    doubles = await run.rows("SELECT dedupe_key FROM signals GROUP BY dedupe_key HAVING count(*) > 1")
    assert not doubles
    slots = dict(await run.rows("SELECT state, count(*) FROM scan_slots GROUP BY 1"))
    log.warning("seed %s: %s alerts, %s came twice and say so, slots %s", seed, len(told), repeats, slots)


async def _check_alerts(run: Run, told: Sequence[Any]) -> None:
    """Hold the alerts to the rules, in plain steps: every pair that was priced was told of, no rise too small twice."""
    last: dict[tuple[Any, ...], float] = {}
    for one in told:
        key = (one.user_id, one.ticker, one.facts["front_expiry"], one.facts["back_expiry"])
        level = one.facts["ff_ex_earnings"] if one.facts["by_ex_earnings"] else one.facts["ff"]
        assert key not in last or level >= last[key] + NEEDED_RISE - 1e-9, key
        last[key] = level
    candidates = await run.rows("SELECT ticker, as_of_ts, front_expiry, back_expiry, reason_codes FROM candidates")
    for (user, ticker), since in run.watched.items():
        after = [one for one in candidates if one.ticker == ticker and one.as_of_ts > since]
        assert after
        scans = len({one.as_of_ts for one in after})
        passed = Counter(
            (str(one.front_expiry), str(one.back_expiry))
            for one in after
            if set(one.reason_codes) <= {"ff_below_threshold", "wide_spread", "low_open_interest", "low_volume"}
        )
        for (front, back), count in passed.items():
            if count == scans:
                assert (user, ticker, front, back) in last, (user, ticker, front, back)


def _check_chats(run: Run, told: Sequence[Any]) -> int:
    """Return how many messages came twice, all of which say so; others say so and came once."""
    repeats = 0
    for user, chats in run.chats.items():
        owed = Counter(one.signal_id for one in told if one.user_id == user)
        for chat in chats:
            alerts = [one for one in chat.messages if "📈" in one.text]
            plain = Counter(_signal_of(one) for one in alerts if REPEATED not in one.text)
            again = {_signal_of(one) for one in alerts if REPEATED in one.text}
            assert not [one for one, count in plain.items() if count > 1]
            assert set(plain) | again == set(owed)
            repeats += len(again & set(plain))
    return repeats


def _signal_of(message: Any) -> str:
    return str(message.buttons[0][0].data).partition(":")[2]


def _minute_ago(run: Run) -> datetime:
    return run.clock.now() - timedelta(minutes=1)
