"""Chains to measure with, made or read before any clock starts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.rules import ScanRules
from forward_factor.core.scan import ScanBatch, scan_chains
from forward_factor.providers.files.chains import FileChains
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.scan_tickers import CONTRACTS_A_BATCH
from tests.reference.recorded import recorded_dir

MORNING = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
QUARTER_HOUR = timedelta(minutes=15)


def light_market(tickers: int) -> list[Chain]:
    """Return one snapshot of a whole market, about 250 contracts a ticker."""
    market = SimulatedMarket(size=tickers, depth="light")
    return [market.chain(ticker, MORNING) for ticker in market.tickers]


def liquid_name(snapshots: int, ticker: str = "SPY") -> list[Chain]:
    """Return full chains of one liquid name, a quarter of an hour apart."""
    market = SimulatedMarket(tickers=(ticker,))
    return [market.chain(ticker, MORNING + step * QUARTER_HOUR) for step in range(snapshots)]


def recorded_chains() -> list[Chain]:
    """Return all recorded snapshots that are on this machine."""
    folder = recorded_dir()
    if folder is None:
        return []

    async def read() -> list[Chain]:
        provider = FileChains([folder / "chains"])
        return [chain async for chain in provider.fetch_chains(()) if isinstance(chain, Chain)]

    return asyncio.run(read())


def batches_of(chains: Iterable[Chain]) -> Iterator[list[Chain]]:
    """Group chains as a scan does."""
    waiting: list[Chain] = []
    for chain in chains:
        waiting.append(chain)
        if sum(len(one.contracts) for one in waiting) >= CONTRACTS_A_BATCH:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def scan(chains: Sequence[Chain], rules: ScanRules | None = None) -> ScanBatch:
    """Return what the engine finds in ``chains``, with no announcement known."""
    return scan_chains(chains, [Surroundings()] * len(chains), rules or ScanRules())
