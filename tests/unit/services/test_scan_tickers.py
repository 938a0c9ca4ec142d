"""The scan use case without a store, and with one that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

import pytest
import stamina

from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.reasons import Reason, reasons_in
from forward_factor.core.rules import ScanRules
from forward_factor.core.scan import ScanBatch
from forward_factor.errors import StorageError, StoreUnavailable, UnreadableChain
from forward_factor.services.ports import ChainFailure, PreviousReading, Recorded
from forward_factor.services.scan_tickers import CONTRACTS_A_BATCH, ScanStep, ScanTickers
from tests.chains import AS_OF, priced_chain

DEAR = {30: 0.45, 60: 0.35}


class Given:
    name = "files"

    def __init__(self, *chains: Chain | ChainFailure) -> None:
        self._chains = chains

    async def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        for chain in self._chains:
            yield chain


@dataclass
class FailingStore:
    """Fails as often as it is told to, then counts what it was given."""

    faults: list[Exception] = field(default_factory=list)
    batches: list[ScanBatch] = field(default_factory=list)
    commits: int = 0
    refreshed: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def scans(self) -> Self:
        return self

    earnings = scans
    aggregates = scans

    def unit_of_work(self) -> Self:
        return self

    reading = unit_of_work

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None: ...

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[EarningsEvent, ...]]:
        return {}

    async def previous_readings(self, chains: Sequence[Chain]) -> Sequence[PreviousReading | None]:
        return [None] * len(chains)

    async def add(self, batch: ScanBatch, keeps_full: Sequence[bool]) -> Recorded:
        if self.faults:
            raise self.faults.pop(0)
        self.batches.append(batch)
        return Recorded(snapshots=len(batch.chains), signals=int(batch.candidates.is_signal.sum()))

    async def commit(self) -> None:
        self.commits += 1

    async def refresh(self, first: datetime, last: datetime) -> None:
        self.refreshed.append((first, last))


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


async def steps(*chains: Chain | ChainFailure, store: FailingStore | None = None) -> list[ScanStep]:
    scanner = ScanTickers(Given(*chains), ScanRules(), FixedClock(AS_OF), store)  # type: ignore[arg-type]
    return [step async for step in scanner.run(())]


async def test_failures_cost_the_healthy_nothing() -> None:
    failure = ChainFailure("BAD", UnreadableChain("cut off"))
    found = await steps(failure, priced_chain(DEAR, "GOOD"))
    assert [step.failure for step in found] == [failure, None]
    assert found[1].batch is not None
    assert found[1].batch.candidates.is_signal.sum() == 1


async def test_long_scans_come_in_batches() -> None:
    chains = [priced_chain(DEAR, f"T{number}") for number in range(CONTRACTS_A_BATCH // 164 + 5)]
    found = await steps(*chains)
    assert len(found) == 2
    assert sum(len(step.batch.chains) for step in found if step.batch) == len(chains)


async def test_same_quotes_later_in_the_run_are_stale() -> None:
    first = priced_chain(DEAR)
    second = replace(first, as_of=AS_OF + timedelta(minutes=15))
    third = priced_chain({30: 0.46, 60: 0.35}, as_of=AS_OF + timedelta(minutes=30))
    (step,) = await steps(first, second, third)
    assert step.batch is not None
    stale = [Reason.STALE_QUOTES in reasons_in(int(bits)) for bits in step.batch.candidates.reasons[::3]]
    assert stale == [False, True, False]


async def test_a_store_that_is_busy_is_tried_again() -> None:
    store = FailingStore(faults=[StoreUnavailable("busy"), StoreUnavailable("busy")])
    (step,) = await steps(priced_chain(DEAR), store=store)
    assert step.recorded.snapshots == store.commits == 1


async def test_a_store_that_refuses_is_not() -> None:
    store = FailingStore(faults=[StorageError("no such column")])
    with pytest.raises(StorageError):
        await steps(priced_chain(DEAR), store=store)
    assert store.commits == 0


async def test_aggregates_are_refreshed_over_late_chains_only() -> None:
    store = FailingStore()
    await steps(priced_chain(DEAR, as_of=AS_OF), store=store)
    assert store.refreshed == []
    early, later = AS_OF - timedelta(days=9), AS_OF - timedelta(days=3)
    await steps(priced_chain(DEAR, as_of=early), priced_chain({30: 0.3}, "B", as_of=later), store=store)
    assert store.refreshed == [(early, later)]
