"""Scan: chains from a provider, candidates from the engine, all of it into the store in one transaction a batch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import stamina

from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.rules import ScanRules
from forward_factor.core.scan import ScanBatch, scan_chains
from forward_factor.core.staleness import quotes_digest
from forward_factor.errors import StoreUnavailable
from forward_factor.services.keep_quotes import KeepQuotes, keeps_full_chain
from forward_factor.services.ports import (
    ChainFailure,
    ChainProvider,
    Clock,
    PreviousReading,
    Recorded,
    ScanFollower,
    ScanStore,
)

CONTRACTS_A_BATCH = 50_000
"""Enough to keep the engine's arrays long, few enough to keep a transaction short (a third of a second on SQLite)."""

AGGREGATES_FOLLOW_WITHIN = timedelta(hours=1)
"""What is older lies behind what continuous aggregates show by themselves, so they are refreshed at the end."""


@dataclass(frozen=True, slots=True)
class ScanStep:
    """What became of some of the chains: found and stored, or failed."""

    batch: ScanBatch | None = None
    recorded: Recorded = field(default_factory=Recorded)
    failure: ChainFailure | None = None


class ScanTickers:
    """Scans tickers of one provider; without a store nothing is looked up or kept."""

    def __init__(
        self,
        provider: ChainProvider,
        rules: ScanRules,
        clock: Clock,
        store: ScanStore | None = None,
        keep: KeepQuotes = KeepQuotes.DAILY,
        followers: Sequence[ScanFollower] = (),
    ) -> None:
        self._provider = provider
        self._rules = rules
        self._clock = clock
        self._store = store
        self._keep = keep
        self._followers = followers
        self._readings: dict[tuple[str, str], PreviousReading] = {}
        self._late_at: list[datetime] = []

    async def run(self, tickers: Sequence[str]) -> AsyncIterator[ScanStep]:
        """Yield batches and failures as they come; no tickers means all the provider knows."""
        waiting: list[Chain] = []
        async for chain in self._provider.fetch_chains(tickers):
            if isinstance(chain, ChainFailure):
                yield ScanStep(failure=chain)
                continue
            waiting.append(chain)
            if sum(len(one.contracts) for one in waiting) >= CONTRACTS_A_BATCH:
                yield await self._scan(waiting)
                waiting = []
        if waiting:
            yield await self._scan(waiting)
        if self._store is not None and self._late_at:
            await self._store.aggregates.refresh(min(self._late_at), max(self._late_at))

    async def _scan(self, chains: Sequence[Chain]) -> ScanStep:
        earnings, stored = await self._read_store(chains)
        digests = [quotes_digest(chain) for chain in chains]
        previous = [self._previous_reading(*one) for one in zip(chains, digests, stored, strict=True)]
        surroundings = [
            Surroundings(earnings.get(chain.ticker, ()), before is not None and before.digest == digest, digest)
            for chain, before, digest in zip(chains, previous, digests, strict=True)
        ]
        batch = scan_chains(chains, surroundings, self._rules)
        return ScanStep(batch, await self._record(batch, previous))

    async def _read_store(
        self, chains: Sequence[Chain]
    ) -> tuple[Mapping[str, tuple[EarningsEvent, ...]], Sequence[PreviousReading | None]]:
        if self._store is None:
            return {}, [None] * len(chains)
        async with self._store.reading() as work:
            earnings = await work.earnings.of_tickers([chain.ticker for chain in chains])
            return earnings, await work.scans.previous_readings(chains)

    def _previous_reading(self, chain: Chain, digest: str, stored: PreviousReading | None) -> PreviousReading | None:
        """Return the reading before this chain's, be it in the store or of this run."""
        key = (chain.ticker, chain.provider)
        known = [one for one in (stored, self._readings.get(key)) if one is not None and one.as_of < chain.as_of]
        self._readings[key] = PreviousReading(chain.as_of, digest)
        return max(known, key=lambda reading: reading.as_of, default=None)

    async def _record(self, batch: ScanBatch, previous: Sequence[PreviousReading | None]) -> Recorded:
        """Store, and again after a fault that passes: storing twice changes nothing."""
        recorded = Recorded()
        if self._store is None:
            return recorded
        keeps_full = [
            keeps_full_chain(self._keep, chain.as_of, before.as_of if before else None)
            for chain, before in zip(batch.chains, previous, strict=True)
        ]
        async for attempt in stamina.retry_context(on=StoreUnavailable, attempts=5, wait_initial=0.2, wait_max=5.0):
            with attempt:
                async with self._store.unit_of_work() as work:
                    recorded = await work.scans.add(batch, keeps_full)
                    for follower in self._followers:
                        await follower.follow(work, batch)
                    await work.commit()
        self._note_late(batch)
        return recorded

    def _note_late(self, batch: ScanBatch) -> None:
        """Remember old chains, new to the store or not: a scan that was killed before its refresh is repeated so."""
        settled = self._clock.now() - AGGREGATES_FOLLOW_WITHIN
        self._late_at += [chain.as_of for chain in batch.chains if chain.as_of < settled]
