"""Tickers by how they begin, and what their last scans found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from forward_factor.clock import FixedClock
from forward_factor.core.slots import Cause
from forward_factor.core.tiers import Tier
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.ports.slots import NewSlot
from forward_factor.storage.store import Store
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.alerting import discover
from tests.integration.storage.deciding import sign_up
from tests.integration.storage.scanning import dear_chain, scan


async def test_tickers_are_found_by_how_they_begin(store: Store) -> None:
    await add_to_watchlist(store, FixedClock(AS_OF), await sign_up(store), ["AAPL", "AA", "MSFT", "A_B", "AXB"])
    await discover(store, "AAL", "AAPL", "ZM")
    known = store.known_tickers
    assert await known.beginning("AA", 10) == ["AA", "AAL", "AAPL"]
    assert await known.beginning("A", 2) == ["AA", "AAL"]
    assert await known.beginning("A_", 10) == ["A_B"]
    assert await known.beginning("%", 10) == []
    assert await known.beginning("", 10) == ["AA", "AAL", "AAPL", "AXB", "A_B", "MSFT", "ZM"]


async def test_the_candidates_of_each_tickers_last_scan(store: Store) -> None:
    later = AS_OF + timedelta(minutes=3)
    flat = priced_chain({30: 0.3, 60: 0.3}, "FLAT", AS_OF)
    await scan(store, [dear_chain("DEAR", AS_OF), dear_chain("DEAR", later), flat, dear_chain("OTHER", AS_OF)])
    found = await store.known_tickers.last_candidates(["DEAR", "FLAT", "NONE"])
    assert {(one.ticker, one.as_of) for one in found} == {("DEAR", later), ("FLAT", AS_OF)}
    dear = await store.findings.candidates("DEAR", later, "files")
    assert list(found) == [*dear, *await store.findings.candidates("FLAT", AS_OF, "files")]
    assert await store.known_tickers.last_candidates([]) == []
    assert await store.known_tickers.last_candidates(["NONE"]) == []


async def test_a_ticker_whose_last_scan_failed_says_why(store: Store) -> None:
    slots = [NewSlot(ticker, AS_OF, Cause.CADENCE, Tier.HIGH) for ticker in ("GONE", "BACK", "FINE")]
    later = [replace(slot, due_at=AS_OF + timedelta(minutes=3)) for slot in slots]
    async with store.unit_of_work() as work:
        await work.slots.add(slots)
        await work.slots.fail({"GONE": "unknown_ticker", "BACK": "unknown_ticker"}, AS_OF, AS_OF)
        await work.slots.add(later)
        await work.slots.settle({"BACK": 1.0, "FINE": 1.0}, later[0].due_at, later[0].due_at)
        await work.commit()
    assert await store.known_tickers.last_failures(["GONE", "BACK", "FINE", "NONE"]) == {"GONE": "unknown_ticker"}
    assert await store.known_tickers.last_failures([]) == {}
