"""Scan what is due: a batch of tickers, grouped by what to look for, each group one run of ``ScanTickers``.

Starts are counted before anything else, so that a ticker that kills its worker is found out: at first those begun
together are tried once more together, then each by itself with nothing beside it, at last it is given up. A group that
fails in a way nobody foresaw is halved until the one at fault is alone.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from forward_factor.core.rules import ScanRules
from forward_factor.core.slots import Cadences
from forward_factor.errors import ForwardFactorError, StoreUnavailable, UnknownTicker
from forward_factor.services.begin_scans import begin_scans, find_due
from forward_factor.services.end_scans import ScanFailure, end_scans, give_back
from forward_factor.services.ports import Clock, ScanFollower, Transactions
from forward_factor.services.ports.jobs import Again
from forward_factor.services.ports.slots import OpenTicker
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.services.settle_scans import SettleScans
from forward_factor.serving.loop import outcome, tell_of

log = structlog.get_logger()

BATCHES_AT_ONCE = 2
"""One batch waits for its chains while another one is computed and stored."""
GROUPS_AT_ONCE = 4
UNFORESEEN = "unforeseen"
"""Reason of a slot that failed by an error that is none of ours; the log has its story."""
Plan = Callable[[Sequence[str]], Awaitable[Mapping[ScanRules, Sequence[str]]]]
"""Groups tickers by the rules to scan them under."""
Scanner = Callable[[ScanRules, Sequence[ScanFollower]], ScanTickers]
"""Makes the scan of some tickers."""


@dataclass(slots=True)
class _Found:
    """What became of the tickers of a batch so far."""

    done: set[str] = field(default_factory=set)
    failures: dict[str, ScanFailure] = field(default_factory=dict)
    signals: int = 0
    contracts: int = 0

    def lacks(self, tickers: Sequence[str]) -> list[str]:
        return [one for one in tickers if one not in self.done and one not in self.failures]


class DueScans:
    """Scans due tickers of one provider into one store; ``tally`` counts what came of it."""

    def __init__(
        self,
        store: Transactions,
        clock: Clock,
        cadences: Cadences,
        plan: Plan,
        scanner: Scanner,
        followers: Sequence[ScanFollower] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._cadences = cadences
        self._plan = plan
        self._scanner = scanner
        self._followers = followers
        self._permits = asyncio.Semaphore(BATCHES_AT_ONCE)
        self._alone = asyncio.Lock()
        self.tally: Counter[str] = Counter(scanned=0, signals=0, failed=0, retried=0)

    async def run(self, tickers: Sequence[str]) -> Mapping[str, Again]:
        """Scan those of ``tickers`` that are due, and return which of them shall come again."""
        due = await find_due(self._store, self._clock, tickers)
        if due.given_up:
            self.tally["failed"] += len(due.given_up)
            log.error("given up: workers died of these tickers again and again", tickers=list(due.given_up))
        again: dict[str, Again] = {}
        for group in due.groups:
            async with self._permits:
                again |= await self._scan(group)
        for one in due.alone:
            async with self._all_permits():
                again |= await self._scan([one])
        return again

    @asynccontextmanager
    async def _all_permits(self) -> AsyncIterator[None]:
        """Be the only one that scans in this process."""
        async with self._alone:  # two who each hold one would wait for each other
            for _ in range(BATCHES_AT_ONCE):
                await self._permits.acquire()
            try:
                yield
            finally:
                for _ in range(BATCHES_AT_ONCE):
                    self._permits.release()

    async def _scan(self, due: Sequence[OpenTicker]) -> Mapping[str, Again]:
        tickers = [one.ticker for one in due]
        began, begun_at, found = time.monotonic(), self._clock.now(), _Found()
        groups = await self._plan(tickers)  # before the start is counted: no ticker is to blame where this fails
        await begin_scans(self._store, tickers, begun_at)
        try:
            await self._scan_groups(groups, begun_at, found)
            again = await self._end(due, found, begun_at)
        except asyncio.CancelledError:
            await give_back(self._store, found.lacks(tickers), begun_at)
            raise
        self._tell(found, again, time.monotonic() - began)
        return again

    async def _scan_groups(self, groups: Mapping[ScanRules, Sequence[str]], begun_at: datetime, found: _Found) -> None:
        permits = asyncio.Semaphore(GROUPS_AT_ONCE)

        async def scan(rules: ScanRules, some: Sequence[str]) -> None:
            async with permits:
                await self._scan_or_halve(rules, some, begun_at, found)

        async with asyncio.TaskGroup() as scanning:
            for rules, some in groups.items():
                scanning.create_task(scan(rules, some))

    async def _scan_or_halve(self, rules: ScanRules, tickers: Sequence[str], begun_at: datetime, found: _Found) -> None:
        fault = await outcome(self._scan_group(rules, tickers, begun_at, found))
        if not isinstance(fault, Exception):
            return
        left = found.lacks(tickers)
        if len(left) > 1 and not isinstance(fault, StoreUnavailable):
            half = len(left) // 2
            await self._scan_or_halve(rules, left[:half], begun_at, found)
            await self._scan_or_halve(rules, left[half:], begun_at, found)
            return
        tell_of(fault, "scan failed", tickers=left)
        found.failures |= dict.fromkeys(left, _failure(fault))

    async def _scan_group(self, rules: ScanRules, tickers: Sequence[str], begun_at: datetime, found: _Found) -> None:
        followers = (SettleScans(self._clock, begun_at), *self._followers)
        async for step in self._scanner(rules, followers).run(tickers):
            if step.failure is not None:
                found.failures[step.failure.source] = _failure(step.failure.error)
            if step.batch is not None:
                found.done |= {chain.ticker for chain in step.batch.chains}
                found.signals += step.recorded.signals
                found.contracts += sum(len(chain.contracts) for chain in step.batch.chains)
        none = _failure(UnknownTicker("the provider said nothing of it"))
        found.failures |= dict.fromkeys(found.lacks(tickers), none)

    async def _end(self, due: Sequence[OpenTicker], found: _Found, begun_at: datetime) -> Mapping[str, Again]:
        if not found.failures:
            return {}
        return await end_scans(self._store, self._clock, self._cadences, due, found.failures, begun_at)

    def _tell(self, found: _Found, again: Mapping[str, Again], took_s: float) -> None:
        failed = len(found.failures) - len(again)
        self.tally.update(scanned=len(found.done), signals=found.signals, failed=failed, retried=len(again))
        if found.done:
            log.info(
                "scanned",
                tickers=len(found.done),
                contracts=found.contracts,
                signals=found.signals,
                ms=round(1000 * took_s),
            )
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for ticker, failure in found.failures.items():
            by_reason[failure.reason].append(ticker)
        for reason, tickers in by_reason.items():
            retried = sum(one in again for one in tickers)
            log.warning("not scanned", reason=reason, tickers=tickers[:20], count=len(tickers), to_be_retried=retried)


def _failure(fault: Exception) -> ScanFailure:
    if isinstance(fault, ForwardFactorError):
        return ScanFailure(fault.code, fault.retryable)
    return ScanFailure(UNFORESEEN, is_retryable=False)
