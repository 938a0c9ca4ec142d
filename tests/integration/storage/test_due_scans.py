"""Due tickers through the worker's hands on every store: done, tried again, failed, halved, given up, given back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import stamina

from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain
from forward_factor.core.rules import PairRule, ScanRules
from forward_factor.core.scan import ScanBatch
from forward_factor.core.slots import MOST_STARTS, Cadences, Cause, SlotReason
from forward_factor.core.tiers import Tier
from forward_factor.errors import ForwardFactorError, ProviderUnavailable, StoreUnavailable, UnknownTicker
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.ports import ChainFailure, ScanFollower, UnitOfWork
from forward_factor.services.ports.jobs import Again
from forward_factor.services.ports.slots import NewSlot
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.store import Store
from forward_factor.worker.scans import UNFORESEEN, DueScans
from tests.chains import AS_OF
from tests.integration.storage.scanning import dear_chain, rows_by_table
from tests.integration.storage.scheduling import slots, watch

RULES = ScanRules()
MINUTE = timedelta(minutes=1)


@dataclass
class Vendor:
    """Gives a dear chain of every ticker, but of those it fails for, and notes who was asked for together."""

    failures: dict[str, ForwardFactorError] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: list[Sequence[str]] = field(default_factory=list)
    hangs: asyncio.Event | None = None
    name: str = "files"

    async def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        self.asked.append(tuple(tickers))
        for ticker in tickers:
            if self.hangs is not None:
                self.hangs.set()
                await asyncio.sleep(600)
            if ticker in self.failures:
                yield ChainFailure(ticker, self.failures[ticker])
            elif ticker not in self.silent:
                yield dear_chain(ticker)


@dataclass
class Fails:
    """A follower that fails for some tickers."""

    tickers: set[str]
    fault: Exception

    async def follow(self, work: UnitOfWork, batch: ScanBatch) -> None:
        if self.tickers & {chain.ticker for chain in batch.chains}:
            raise self.fault


@dataclass
class Bench:
    """The worker's scans with all that surrounds them."""

    store: Store
    vendor: Vendor = field(default_factory=Vendor)
    clock: FixedClock = field(default_factory=lambda: FixedClock(AS_OF))
    rules: Mapping[str, ScanRules] = field(default_factory=dict)
    followers: Sequence[ScanFollower] = ()

    def scans(self) -> DueScans:
        return DueScans(self.store, self.clock, Cadences(), self._plan, self._scanner, self.followers)

    async def due(self, *tickers: str, tier: Tier = Tier.MEDIUM, before: timedelta = timedelta()) -> None:
        async with self.store.unit_of_work() as work:
            at = self.clock.now() - before
            await work.slots.add([NewSlot(ticker, at, Cause.CADENCE, tier) for ticker in tickers])
            await work.commit()

    async def begin(self, *tickers: str) -> None:
        """Start a scan of which nobody ever hears again."""
        async with self.store.unit_of_work() as work:
            await work.slots.begin(tickers, self.clock.now())
            await work.commit()

    async def states(self) -> list[tuple[str, str, int, str | None]]:
        return [(one.ticker, one.state, one.starts, one.reason) for one in await slots(self.store)]

    async def _plan(self, tickers: Sequence[str]) -> Mapping[ScanRules, Sequence[str]]:
        groups: dict[ScanRules, list[str]] = {}
        for ticker in tickers:
            groups.setdefault(self.rules.get(ticker, RULES), []).append(ticker)
        return groups

    def _scanner(self, rules: ScanRules, followers: Sequence[ScanFollower]) -> ScanTickers:
        return ScanTickers(self.vendor, rules, self.clock, self.store, KeepQuotes.WINDOW, followers)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


async def test_due_tickers_are_scanned_together_and_settled(store: Store) -> None:
    bench = Bench(store)
    await watch(store, {"AAPL": Tier.MEDIUM, "SPY": Tier.MEDIUM})
    await bench.due("AAPL", "SPY")
    scans = bench.scans()
    assert await scans.run(["AAPL", "SPY", "NOTDUE"]) == {}
    assert await bench.states() == [("AAPL", "done", 1, None), ("SPY", "done", 1, None)]
    assert bench.vendor.asked == [("AAPL", "SPY")]
    assert scans.tally == {"scanned": 2, "signals": 4, "failed": 0, "retried": 0}
    assert await scans.run(["AAPL", "SPY"]) == {}  # brought again by a queue that lost track
    assert len(bench.vendor.asked) == 1


async def test_each_ticker_is_scanned_under_its_own_rules(store: Store) -> None:
    wide = ScanRules(pairs=(PairRule(30, 60, 5, 10),))
    bench = Bench(store, rules={"SPY": wide})
    await bench.due("AAPL", "SPY", "MSFT")
    await bench.scans().run(["AAPL", "MSFT", "SPY"])
    assert sorted(map(tuple, bench.vendor.asked)) == [("AAPL", "MSFT"), ("SPY",)]
    assert (await rows_by_table(store))["candidates"] == 3 + 3 + 1


async def test_a_failure_of_one_costs_the_others_nothing(store: Store) -> None:
    failures: dict[str, ForwardFactorError] = {"GONE": UnknownTicker("none"), "BUSY": ProviderUnavailable("429")}
    bench = Bench(store, Vendor(failures, silent={"MUTE"}))
    await bench.due("AAPL", "GONE", "BUSY", "MUTE")
    scans = bench.scans()
    assert await scans.run(["AAPL", "GONE", "BUSY", "MUTE"]) == {
        "BUSY": Again(timedelta(seconds=2), "provider_unavailable")
    }
    assert await bench.states() == [
        ("AAPL", "done", 1, None),
        ("BUSY", "open", 1, "provider_unavailable"),
        ("GONE", "failed", 1, "unknown_ticker"),
        ("MUTE", "failed", 1, "unknown_ticker"),
    ]
    assert scans.tally == {"scanned": 1, "signals": 2, "failed": 2, "retried": 1}


async def test_tries_end_after_some(store: Store) -> None:
    bench = Bench(store, Vendor({"BUSY": ProviderUnavailable("429")}))
    await bench.due("BUSY")
    scans, delays = bench.scans(), list[float]()
    while again := await scans.run(["BUSY"]):
        delays.append(again["BUSY"].delay.total_seconds())
        bench.clock.instant += again["BUSY"].delay
    assert delays == [2, 4, 8, 16]
    assert await bench.states() == [("BUSY", "failed", MOST_STARTS, "provider_unavailable")]


async def test_tries_end_where_the_ticker_is_due_anew(store: Store) -> None:
    bench = Bench(store, Vendor({"OLD": ProviderUnavailable("429"), "SLOW": ProviderUnavailable("429")}))
    await bench.due("OLD", tier=Tier.HIGH, before=3 * MINUTE)
    await bench.due("SLOW", tier=Tier.LOW, before=3 * MINUTE)
    assert set(await bench.scans().run(["OLD", "SLOW"])) == {"SLOW"}
    assert [one[:2] for one in await bench.states()] == [("OLD", "failed"), ("SLOW", "open")]


@pytest.mark.parametrize("place", [0, 3, 6])
async def test_a_poisonous_ticker_fails_alone(store: Store, place: int) -> None:
    tickers = [f"T{number}" for number in range(7)]
    bench = Bench(store, followers=[Fails({f"T{place}"}, ZeroDivisionError("nobody foresaw it"))])
    await bench.due(*tickers)
    assert await bench.scans().run(tickers) == {}
    assert Counter(one[1:] for one in await bench.states()) == {
        ("done", 1, None): 6,
        ("failed", 1, UNFORESEEN): 1,
    }
    assert (await rows_by_table(store))["option_chain_snapshots"] == 6


async def test_a_store_that_is_away_is_waited_for(store: Store) -> None:
    bench = Bench(store, followers=[Fails({"T3"}, StoreUnavailable("restarting"))])
    tickers = [f"T{number}" for number in range(7)]
    await bench.due(*tickers)
    assert set(await bench.scans().run(tickers)) == set(tickers)
    assert {one[1:] for one in await bench.states()} == {("open", 1, "store_unavailable")}
    bench.followers = ()
    assert await bench.scans().run(tickers) == {}
    assert {one[1] for one in await bench.states()} == {"done"}


async def test_tickers_a_worker_died_of_are_tried_together_then_alone_then_given_up(store: Store) -> None:
    bench = Bench(store)
    await bench.due("FRESH", "ONCE", "ONCE2", "TWICE", "OFTEN")
    for times, tickers in ((1, ("ONCE", "ONCE2")), (2, ("TWICE",)), (MOST_STARTS, ("OFTEN",))):
        for _ in range(times):
            await bench.begin(*tickers)
    assert await bench.scans().run(["FRESH", "ONCE", "ONCE2", "TWICE", "OFTEN"]) == {}
    assert bench.vendor.asked == [("FRESH",), ("ONCE", "ONCE2"), ("TWICE",)]
    assert await bench.states() == [
        ("FRESH", "done", 1, None),
        ("OFTEN", "failed", MOST_STARTS, SlotReason.GAVE_UP),
        ("ONCE", "done", 2, None),
        ("ONCE2", "done", 2, None),
        ("TWICE", "done", 3, None),
    ]


async def test_a_ticker_once_given_up_gets_one_start_a_slot(store: Store) -> None:
    bench = Bench(store)
    await bench.due("KILLER", before=15 * MINUTE)
    for _ in range(MOST_STARTS):
        await bench.begin("KILLER")
    await bench.scans().run(["KILLER"])
    await bench.due("KILLER", "AAPL")
    await bench.begin("KILLER")  # and the worker died again
    await bench.scans().run(["AAPL", "KILLER"])
    assert [one for one in await bench.states() if one[0] == "KILLER"] == [
        ("KILLER", "failed", MOST_STARTS, SlotReason.GAVE_UP),
        ("KILLER", "failed", 1, SlotReason.GAVE_UP),
    ]
    bench.clock.instant += 15 * MINUTE
    await bench.due("KILLER")
    await bench.scans().run(["KILLER"])
    assert (await bench.states())[-1] == ("KILLER", "done", 1, None)


async def test_a_scan_that_is_stopped_is_as_if_it_had_not_begun(store: Store) -> None:
    bench = Bench(store, Vendor(hangs=asyncio.Event()))
    await bench.due("AAPL", "SPY")
    running = asyncio.create_task(bench.scans().run(["AAPL", "SPY"]))
    assert bench.vendor.hangs is not None
    await asyncio.wait_for(bench.vendor.hangs.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert {one[1:] for one in await bench.states()} == {("open", 0, SlotReason.STOPPED)}


async def test_two_workers_with_the_same_ticker_double_nothing(store: Store) -> None:
    bench = Bench(store)
    tickers = [f"T{number}" for number in range(10)]
    await watch(store, dict.fromkeys(tickers, Tier.HIGH))
    await bench.due(*tickers)
    await asyncio.gather(*(bench.scans().run(some) for some in (tickers, tickers[::-1], tickers[3:])))
    rows = await rows_by_table(store)
    assert (rows["option_chain_snapshots"], rows["candidates"], rows["signals"], rows["signal_keys"]) == (
        10,
        30,
        20,
        20,
    )
    assert {one[1] for one in await bench.states()} == {"done"}
