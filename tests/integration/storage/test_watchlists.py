"""Watchlists on every store, and the count of who watches a ticker: right after whatever happens at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from forward_factor.clock import FixedClock
from forward_factor.errors import InvalidTicker, NotFound
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.disable_user import disable_user
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.remove_from_watchlist import remove_from_watchlist
from forward_factor.storage.store import Store, open_store
from forward_factor.storage.tables import MasterTicker, Subscription, table_of
from tests.integration.storage.accounts import CLOCK, NOW, register
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.scanning import rows_by_table
from tests.integration.storage.watching import STEPS, TICKERS
from tests.servers.store import StoreServer

REPOSITORY = Path(__file__).resolve().parents[3]
PROCESSES = 6


async def test_tickers_are_added_once_and_removed_once(store: Store) -> None:
    ann, bob = [(await register(store, email)).id for email in ("ann@x.de", "bob@x.de")]
    assert await _add(store, ann, "aapl", " BRK.B ", "AAPL") == ["AAPL", "BRK.B"]
    assert await _add(store, bob, "AAPL") == ["AAPL"]
    assert await _counts(store) == {"AAPL": 2, "BRK.B": 1}
    assert await _add(store, ann, "AAPL", "BRK.B") == []
    assert await _counts(store) == {"AAPL": 2, "BRK.B": 1}
    for removed in (["AAPL"], []):
        assert list(await remove_from_watchlist(store, ann, ["aapl", "NONE"])) == removed
        assert await _counts(store) == {"AAPL": 1, "BRK.B": 1}
    assert [one.ticker for one in await list_watchlist(store, ann)] == ["BRK.B"]
    assert [one.ticker for one in await list_watchlist(store, bob)] == ["AAPL"]


async def test_a_ticker_added_again_is_watched_since_then(store: Store) -> None:
    ann = (await register(store, "ann@x.de")).id
    later = FixedClock(NOW + timedelta(days=3))
    await _add(store, ann, "AAPL")
    await add_to_watchlist(store, later, ann, ["AAPL"])
    assert [one.added_at for one in await list_watchlist(store, ann)] == [NOW]
    await remove_from_watchlist(store, ann, ["AAPL"])
    assert list(await add_to_watchlist(store, later, ann, ["AAPL", "MSFT"])) == ["AAPL", "MSFT"]
    found = await list_watchlist(store, ann)
    assert [(one.ticker, one.added_at) for one in found] == [("AAPL", later.instant), ("MSFT", later.instant)]
    assert all(one.added_at and one.added_at.tzinfo is UTC for one in found)
    assert await _counts(store) == {"AAPL": 1, "MSFT": 1}


async def test_a_faulty_ticker_or_user_changes_nothing(store: Store) -> None:
    ann = (await register(store, "ann@x.de")).id
    before = await rows_by_table(store)
    with pytest.raises(InvalidTicker):
        await _add(store, ann, "AAPL", "../etc")
    with pytest.raises(NotFound):
        await _add(store, "nobody", "AAPL")
    with pytest.raises(NotFound):
        await remove_from_watchlist(store, "nobody", ["AAPL"])
    assert await rows_by_table(store) == before


async def test_a_disabled_user_counts_no_longer(store: Store) -> None:
    ann, bob = [(await register(store, email)).id for email in ("ann@x.de", "bob@x.de")]
    for user in (ann, bob):
        await _add(store, user, "AAPL", f"OF.{user[:4]}")
    await disable_user(store, CLOCK, ann)
    assert (await _counts(store))["AAPL"] == 1
    assert (await _counts(store))[f"OF.{ann[:4]}".upper()] == 0
    await _add(store, ann, "AAPL", "MSFT")
    assert (await _counts(store))["AAPL"] == 1
    assert (await _counts(store))["MSFT"] == 0


async def test_what_the_old_bot_left_is_counted_right_at_the_next_change(store: Store) -> None:
    ann, bob = [(await register(store, email)).id for email in ("ann@x.de", "bob@x.de")]
    rows: list[dict[str, Any]] = [
        {"user_id": ann, "ticker": "AAPL", "active": False, "added_at": NOW},
        {"user_id": bob, "ticker": "AAPL", "active": True, "added_at": None},
        {"user_id": bob, "ticker": "aapl", "active": True, "added_at": NOW},
        {"user_id": bob, "ticker": "MSFT", "active": None, "added_at": NOW},
    ]
    wrong: list[dict[str, Any]] = [
        {"ticker": "AAPL", "active_subscriber_count": 48},
        {"ticker": "aapl", "active_subscriber_count": None},
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(Subscription)), rows)
        await connection.execute(insert(table_of(MasterTicker)), wrong)
    assert await _add(store, ann, "AAPL") == ["AAPL"]
    assert await _counts(store) == {"AAPL": 2, "aapl": None}
    assert [one.ticker for one in await list_watchlist(store, bob)] == ["AAPL", "aapl"]
    assert sorted(await remove_from_watchlist(store, bob, ["AAPL"])) == ["AAPL", "aapl"]
    assert await _counts(store) == {"AAPL": 1, "aapl": 0}
    assert await _add(store, bob, "MSFT") == ["MSFT"]
    assert (await _counts(store))["MSFT"] == 1


@pytest.mark.timeout(240)
async def test_many_processes_change_watchlists_at_once(store_server: StoreServer) -> None:
    url = store_server.cloned_url("newest", build)
    emails = [f"user{number}@x.de" for number in range(PROCESSES)]
    async with open_store(url, POOL) as store:
        for email in emails:
            await register(store, email)
    processes = [_start(url, email) for email in emails]
    for _ in range(STEPS):
        _let_all_step(processes)
    for process in processes:
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
    async with open_store(url, POOL) as store:
        assert await _counts(store) == dict.fromkeys(TICKERS, PROCESSES)
        assert (await rows_by_table(store))["subscriptions"] == PROCESSES * len(TICKERS)


async def _add(store: Store, user_id: str, *tickers: str) -> Sequence[str]:
    return await add_to_watchlist(store, FixedClock(NOW), user_id, tickers)


async def _counts(store: Store) -> dict[str, int | None]:
    table = table_of(MasterTicker)
    async with store.engine.connect() as connection:
        rows = await connection.execute(select(table.c.ticker, table.c.active_subscriber_count))
        return {row.ticker: row.active_subscriber_count for row in rows.all()}


def _let_all_step(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        if process.poll() is None:
            process.stdin.write("go\n")
            process.stdin.flush()


def _start(url: str, email: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.integration.storage.watching", url, email]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
