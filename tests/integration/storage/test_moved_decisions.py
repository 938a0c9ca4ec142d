"""Decisions of the old bot after the move: all of them listed, and positions still held reminded of."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from forward_factor.clock import FixedClock
from forward_factor.core.decisions import Decision
from forward_factor.services.adopt_decisions import adopt_decisions
from forward_factor.services.decision_views import DecisionView, ReminderState
from forward_factor.services.list_decisions import list_decisions
from forward_factor.storage.store import Store, open_store
from forward_factor.storage.tables import User, table_of
from forward_factor.storage.transfer.copying import copy_database
from forward_factor.storage.transfer.report import Quiet
from tests.integration.storage.conftest import POOL
from tests.integration.storage.deciding import reminders_of
from tests.integration.storage.scanning import fetch
from tests.old_bot.oddities import spoil
from tests.old_bot.write import FIRST, Amounts, write_old_file
from tests.servers.store import StoreServer


async def test_moved_decisions_are_listed_and_positions_adopted(store_server: StoreServer, tmp_path: Path) -> None:
    path, url = tmp_path / "ffbot.db", store_server.new_url()
    write_old_file(path, Amounts(users=6, signals=60, snapshots=5, decisions=60, days=3))
    spoil(path)
    await copy_database(f"sqlite:///{path}", url, Quiet(), to_legacy=False)
    async with open_store(url, POOL) as store:
        found = [one for user in await _users(store) for one in await _decisions(store, user)]
        with_users = await fetch(store, "SELECT count(*) FROM signal_user_decisions WHERE user_id IS NOT NULL")
        assert [(len(found),)] == with_users
        assert {one.decision for one in found} == set(Decision)
        held = [one for one in found if one.is_open and one.signal]
        assert len(held) > 10
        assert any(one.is_open and one.signal is None for one in found)

        clock = FixedClock(FIRST + timedelta(days=4))
        for _ in range(2):
            assert await adopt_decisions(store, clock) == len(held)
            reminders = [one for user in await _users(store) for one in await reminders_of(store, user)]
            assert {one.decision_id for one in reminders} == {one.id for one in held}
            assert len(reminders) == 2 * len(held)
            assert {one.state for one in reminders} == {ReminderState.OPEN}


async def _users(store: Store) -> list[str]:
    async with store.engine.connect() as connection:
        return list((await connection.execute(select(table_of(User).c.id))).scalars().all())


async def _decisions(store: Store, user_id: str) -> list[DecisionView]:
    return list((await list_decisions(store, user_id, limit=500)).decisions)
