"""One look at the store for all sessions: what is noticed, by whom, and what it costs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from forward_factor.core.decisions import Decision
from forward_factor.errors import StoreUnavailable
from forward_factor.server import news
from forward_factor.server.news import NewsDesk
from forward_factor.services.ports.board import BoardQuery
from forward_factor.services.record_decision import record_decision
from tests.chains import AS_OF
from tests.integration.server.conftest import Api
from tests.integration.storage.scanning import dear_chain, scan


def desk_of(api: Api) -> NewsDesk:
    desk: NewsDesk = api.app.state.backend.news
    return desk


async def test_signals_are_news_for_all_and_decisions_for_their_own_person(api: Api) -> None:
    ann, bob = await api.join("ann"), await api.join("bob")
    await scan(api.store, [dear_chain("DEAR", AS_OF)])
    desk = desk_of(api)
    desk.ask(ann), desk.ask(bob)
    await desk.look()
    before, of_bob = desk.ask(ann), desk.ask(bob)
    await desk.look()
    assert (desk.ask(ann), desk.ask(bob)) == (before, of_bob)
    await scan(api.store, [dear_chain("LATE", AS_OF - timedelta(hours=1))])
    await desk.look()
    after = desk.ask(ann)
    assert (after.signals, after.own) == (before.signals + 1, before.own)
    signal = (await api.store.board.page(ann, BoardQuery())).rows[0].signal
    await record_decision(api.store, api.clock, ann, signal.id, Decision.PLACED)
    await desk.look()
    assert desk.ask(ann).own == after.own + 1
    assert desk.ask(bob).own == of_bob.own
    desk.tell(bob)
    assert desk.ask(bob).own == of_bob.own + 1


async def test_fifty_sessions_cost_one_look_and_nobody_costs_none(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "LOOKS_EVERY_S", 0.02)
    monkeypatch.setattr(news, "FORGETS_AFTER_S", 0.1)
    looks = 0
    look = NewsDesk.look

    async def counted(self: NewsDesk) -> None:
        nonlocal looks
        looks += 1
        await look(self)

    monkeypatch.setattr(NewsDesk, "look", counted)
    desk = desk_of(api)
    for number in range(50):
        desk.ask(f"user {number}")
    await asyncio.sleep(0.05)
    assert 1 <= looks <= 4
    await _rested(desk)
    ended = looks
    await asyncio.sleep(0.1)
    assert looks == ended
    desk.ask("user 1")
    await asyncio.sleep(0.05)
    assert looks > ended
    await _rested(desk)


async def test_a_store_that_is_away_is_looked_at_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "LOOKS_EVERY_S", 0.02)
    monkeypatch.setattr(news, "FORGETS_AFTER_S", 0.2)
    looks = 0

    async def fails(_self: NewsDesk) -> None:
        nonlocal looks
        looks += 1
        raise StoreUnavailable("gone")

    monkeypatch.setattr(NewsDesk, "look", fails)
    desk_of(api).ask("ann")
    await _rested(desk_of(api))
    assert looks > 1


async def _rested(desk: NewsDesk) -> None:
    """Wait until the desk has seen that nobody asks any more."""
    assert desk._task is not None
    await asyncio.wait_for(desk._task, 10)
