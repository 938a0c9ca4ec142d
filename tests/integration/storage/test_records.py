"""What the API reads, on every store: pages without gaps, filters, ranks, health and the numbers of monitors."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from sqlalchemy import insert

from forward_factor.core.reasons import Reason
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.list_candidates import list_candidates
from forward_factor.services.list_signals import list_signals
from forward_factor.services.ports.records import CandidateFilter, SeriesFilter, SignalFilter
from forward_factor.services.views import CandidateView, SignalView, UserView
from forward_factor.storage.store import Store
from forward_factor.storage.tables import ScanSlot, ServiceHeartbeat, Signal, table_of
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.accounts import NOW, register
from tests.integration.storage.scanning import dear_chain, scan
from tests.servers.store import StoreServer

HOUR = timedelta(hours=1)


async def test_pages_and_filters_of_signals_and_candidates(store: Store) -> None:
    moments = [AS_OF - number * HOUR for number in range(4)]
    await scan(store, [dear_chain(ticker, at) for at in moments for ticker in ("DEAR", "CHER")])
    signals: list[SignalView] = []
    after: PagePlace | None = None
    while True:
        page = await list_signals(store.records, SignalFilter(), after, 7)
        signals += page.signals
        after = page.next
        if after is None:
            break
    places = [(one.as_of, one.id) for one in signals]
    assert len(set(places)) == len(places) == 4 * 2 * 6
    assert places == sorted(places, reverse=True)
    some = SignalFilter(ticker="DEAR", since=AS_OF - HOUR, until=AS_OF, pair="30/60", is_discovery=False, min_ff=0.2)
    found = await store.records.signals(some, None, 100)
    assert {(one.ticker, one.as_of, one.pair) for one in found} == {("DEAR", AS_OF - HOUR, "30/60")}
    assert await store.records.signals(SignalFilter(alerted_user="nobody"), None, 100) == []
    assert await store.records.signal(signals[0].id) == signals[0]
    assert await store.records.signal("nothing") is None
    candidates: list[CandidateView] = []
    place: PagePlace | None = None
    while True:
        some_candidates = await list_candidates(store.records, CandidateFilter(ticker="DEAR"), place, 5)
        candidates += some_candidates.candidates
        place = some_candidates.next
        if place is None:
            break
    assert len({(one.as_of, one.pair, one.vol_point) for one in candidates}) == len(candidates) == 4 * 9
    refused = CandidateFilter(ticker="DEAR", is_signal=False, reason=Reason.FF_BELOW_THRESHOLD)
    told = await store.records.candidates(refused, None, 100)
    assert [one for one in candidates if "ff_below_threshold" in one.reasons] == told


async def test_a_series_and_the_rank_of_its_newest_reading(store: Store) -> None:
    vols = [0.40, 0.42, 0.46, 0.41]
    days = [AS_OF - timedelta(days=number) for number in range(len(vols))][::-1]
    await scan(store, [priced_chain({30: vol, 60: 0.35}, "DEAR", at) for vol, at in zip(vols, days, strict=True)])
    wanted = SeriesFilter(ticker="DEAR", pair="30/60", vol_point="ATM", since=days[0], until=AS_OF + HOUR)
    points = await store.records.series(wanted, 3)
    assert [round(one.front_iv or 0.0, 4) for one in points] == vols[1:]
    rank = await store.records.percentiles(wanted)
    assert (rank.readings, rank.ff, rank.front_iv, rank.days) == (4, 0.5, 0.5, 3.0)
    assert (rank.first_at, rank.last_at) == (days[0], AS_OF)


async def test_numbers_that_are_none_are_read(store: Store) -> None:
    async with store.engine.begin() as connection:
        for number, value in enumerate((math.inf, -math.inf)):
            row = {"id": f"moved {number}", "as_of_ts": NOW, "ticker": "OLD", "ff_value": value}
            await connection.execute(insert(table_of(Signal)).values(row))
    assert len(await store.records.signals(SignalFilter(ticker="OLD"), None, 10)) == 2


async def test_health_and_the_numbers_of_monitors(store: Store, store_server: StoreServer) -> None:
    health = await store.health()
    assert health.is_at_newest
    assert health.engine == ("timescaledb" if "timescale" in store_server.name else store_server.name)
    assert (health.extension is not None) is ("timescale" in store_server.name)
    assert health.latency_ms > 0
    assert (health.pool is None) is (store_server.name == "sqlite")
    slot = {"cause": "schedule", "tier": "high", "starts": 1}
    slots = [
        slot | {"ticker": "A", "due_at": NOW - HOUR / 2, "state": "done", "finished_at": NOW - HOUR / 4},
        slot | {"ticker": "B", "due_at": NOW - HOUR / 4, "state": "open"},
        slot | {"ticker": "C", "due_at": NOW - HOUR / 4, "state": "failed", "reason": "x" * 500},
        slot | {"ticker": "D", "due_at": NOW - 5 * HOUR, "state": "done", "finished_at": NOW},
        slot | {"ticker": "E", "due_at": NOW + HOUR, "state": "open"},
    ]
    beat = {"service": "api", "instance": "one:1", "started_at": NOW, "last_seen_at": NOW}
    async with store.engine.begin() as connection:
        for one in slots:
            await connection.execute(insert(table_of(ScanSlot)).values(one))
        await connection.execute(insert(table_of(ServiceHeartbeat)).values(beat))
    figures = await store.running.figures(NOW)
    assert (figures.queue.open_slots, figures.queue.oldest_open_at) == (1, NOW - HOUR / 4)
    assert figures.queue.recent_slots == {"done": 1, "open": 1, "failed": 1}
    assert figures.scan_latencies_s == [900.0]
    assert list(figures.failed_slots.values()) == [1]
    assert all(len(reason) <= 60 for reason in figures.failed_slots)
    assert [one.instance for one in figures.heartbeats] == ["one:1"]
    assert [one.ticker for one in (await store.running.dead_letters(10)).slots] == ["C"]


@pytest.mark.parametrize("limit", [1, 2, 10])
async def test_accounts_in_pages(store: Store, limit: int) -> None:
    for name in ("ann", "bob", "eve"):
        await register(store, f"{name}@x.de")
    async with store.engine.begin() as connection:
        await connection.exec_driver_sql("INSERT INTO users (id) VALUES ('moved')")
    found: list[UserView] = []
    after: PagePlace | None = None
    while page := await store.running.users(after, limit):
        found += page
        after = PagePlace(page[-1].created_at, page[-1].id)
    assert len({one.id for one in found}) == len(found) == 4
    assert found[0].id == "moved"
