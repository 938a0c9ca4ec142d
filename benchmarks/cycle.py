"""One cycle of the running system: from due to outbox, for many tickers, users and subscriptions.

The scheduler makes slots, a worker scans them in batches of 64, and the transaction of each batch writes alerts and
deliveries for all who watch its tickers. Chains are simulated, about 250 contracts each; what simulating costs is
measured beside the rest, for a real provider costs waiting instead. Stability is one scan, and every rule is wide, so
that there is as much to tell as there can be.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import event, text

from benchmarks import stores
from benchmarks.figures import Baseline, Figure, Target
from forward_factor.clock import FixedClock
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.chain import Chain
from forward_factor.core.rules import ScanRules
from forward_factor.core.slots import Cadences
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.evaluate_alerts import EvaluateAlerts
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.plan_rules import plan_rules
from forward_factor.services.ports import ChainFailure, ScanFollower
from forward_factor.services.recompute_tiers import recompute_tiers
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.services.schedule_scans import schedule_scans
from forward_factor.storage.queue.memory import MemoryScanQueue
from forward_factor.storage.store import Store
from forward_factor.worker.scans import DueScans

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
CADENCES = Cadences(3.0, 15.0, 60.0)
CADENCE_S = 180.0
TICKERS_A_BATCH = 64


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to do."""

    tickers: int
    users: int
    subscriptions: int


SMALL, FULL = Size(256, 500, 5_000), Size(5_000, 10_000, 100_000)


@dataclass(slots=True)
class SimulatedProvider:
    """Chains of a market of light chains; ``seconds`` is what making them took."""

    market: SimulatedMarket
    clock: FixedClock
    name: str = "simulated"
    seconds: float = 0.0
    contracts: int = 0

    async def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        """Yield the chain of every ticker."""
        for ticker in tickers:
            began = time.perf_counter()
            chain = self.market.chain(ticker, self.clock.now())
            self.seconds += time.perf_counter() - began
            self.contracts += len(chain.contracts)
            yield chain


@dataclass(slots=True)
class Cycle:
    """What a cycle came to."""

    seconds: float
    simulating: float
    contracts: int
    statements: int
    rows: dict[str, int] = field(default_factory=dict)


def measure() -> list[Figure]:
    """Measure a small cycle on each server there is."""
    return [one for opened in _servers() for one in _figures(opened, SMALL)]


def measure_full() -> list[Figure]:
    """Measure 5,000 tickers, 10,000 users and 100,000 subscriptions on each server there is."""
    return [one for opened in _servers() for one in _figures(opened, FULL)]


def _servers() -> Iterator[stores.OpenStore]:
    with stores.embedded_postgresql() as opened:
        yield opened
    with stores.native_timescale() as native:
        if native is not None:
            yield native


def _figures(opened: stores.OpenStore, size: Size) -> Iterator[Figure]:
    alone = opened.runner.run(_cycle(opened.store, Size(size.tickers, 1, size.tickers)))
    opened.runner.run(_forget(opened.store))
    many = opened.runner.run(_cycle(opened.store, size))
    work, before = many.seconds - many.simulating, alone.seconds - alone.simulating
    what = f"{opened.name}: {size.tickers:,} tickers, {size.users:,} users, {size.subscriptions:,} subscriptions"
    base = Baseline("the same for one user", before, work / before)
    yield Figure(f"{what}; cycle", many.seconds, "s", None, Target(f"≤ {CADENCE_S:.0f}", many.seconds <= CADENCE_S))
    yield Figure("without simulating", work, "s", base)
    yield Figure("contracts", many.contracts / work, "contracts/s")
    same = Baseline("for one user", alone.statements, many.statements / alone.statements)
    yield Figure(
        "SQL statements", many.statements, "a cycle", same, Target("≤ 1.1", many.statements <= 1.1 * alone.statements)
    )
    for table, count in many.rows.items():
        yield Figure(f"rows in {table}", count, "rows")


def _at_most(most: float, ratio: float) -> Target:
    return Target(f"≤ {most}", ratio <= most)


async def _cycle(store: Store, size: Size) -> Cycle:
    clock = FixedClock(NOON)
    await _seed(store, size)
    await recompute_tiers(store, clock)
    provider = SimulatedProvider(SimulatedMarket(size=size.tickers, depth="light"), clock)
    for ticker in provider.market.tickers:  # boards are drawn up once a day and a process
        provider.market.chain(ticker, NOON)
    with _counted(store) as statements:
        began = time.perf_counter()
        await schedule_scans(store, clock, MemoryScanQueue(), CADENCES, None)
        scans = _scans(store, clock, provider)
        tickers = provider.market.tickers
        for start in range(0, len(tickers), TICKERS_A_BATCH):
            await scans.run(tickers[start : start + TICKERS_A_BATCH])
        seconds = time.perf_counter() - began
    rows = {}
    async with store.engine.connect() as connection:
        for table in ("option_quotes", "candidates", "signals", "notifications", "deliveries"):
            rows[table] = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
        left = (await connection.execute(text("SELECT count(*) FROM scan_slots WHERE state <> 'done'"))).scalar_one()
    assert not left, f"{left} slots are not done"
    return Cycle(seconds, provider.seconds, provider.contracts, len(statements), rows)


def _scans(store: Store, clock: FixedClock, provider: SimulatedProvider) -> DueScans:
    defaults = AccountSettings()

    def scanner(rules: ScanRules, followers: Sequence[ScanFollower]) -> ScanTickers:
        alerts = EvaluateAlerts(clock, defaults)
        return ScanTickers(provider, rules, clock, store, KeepQuotes.WINDOW, (*followers, alerts))

    return DueScans(store, clock, CADENCES, partial(plan_rules, store, ScanRules(), defaults), scanner)


_SEED = (
    """INSERT INTO users (id, email, status, created_at)
       SELECT 'u' || n, 'u' || n || '@x.de', 'active', now() FROM generate_series(0, :users - 1) n""",
    """INSERT INTO user_settings (user_id, ff_threshold, max_bid_ask_pct, min_open_interest, min_volume,
                                  sigma_fwd_floor, stability_scans, cooldown_minutes, scan_priority)
       SELECT id, 0.05 + right(id, 1)::int * 0.02, 2, 0, 0, 0.01, 1, 120, 'high' FROM users""",
    "INSERT INTO telegram_chats (chat_id, user_id, is_active) SELECT 'c' || id, id, true FROM users",
    """INSERT INTO master_tickers (ticker, active_subscriber_count)
       SELECT unnest(CAST(:tickers AS varchar[])), 1""",
    """INSERT INTO subscriptions (user_id, ticker, active, added_at)
       SELECT 'u' || n % :users, (CAST(:tickers AS varchar[]))[1 + (n * 7 + n / :users) % :count], true, now()
         FROM generate_series(0, :subscriptions - 1) n ON CONFLICT DO NOTHING""",
)
"""Accounts, wide settings of ten kinds, a chat each, and subscriptions spread evenly."""


async def _seed(store: Store, size: Size) -> None:
    tickers = list(SimulatedMarket(size=size.tickers, depth="light").tickers)
    values = {"users": size.users, "subscriptions": size.subscriptions, "tickers": tickers, "count": size.tickers}
    async with store.engine.begin() as connection:
        for statement in _SEED:
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(text(statement), named)
    async with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE"))


async def _forget(store: Store) -> None:
    tables = "users, master_tickers, scan_slots, signal_keys, signals, candidates, term_structure"
    tables += ", option_quotes, option_chain_snapshots"
    async with store.engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {tables} CASCADE"))


@contextmanager
def _counted(store: Store) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(store.engine.sync_engine, "before_cursor_execute", note)
