"""Scans for the storage tests: chains whose candidates are known, put through the real use case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select, text

from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain
from forward_factor.core.rules import VOL_POINTS, ScanRules
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.ports import ChainFailure, Recorded
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Base
from tests.chains import AS_OF, priced_chain

DEAR_FRONT = {7: 0.50, 30: 0.45, 60: 0.35, 90: 0.34}
RULES = ScanRules(vol_points=VOL_POINTS)
NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)


class GivenChains:
    """A provider of chains made beforehand."""

    name = "files"

    def __init__(self, chains: Sequence[Chain | ChainFailure]) -> None:
        self._chains = chains

    async def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        """Yield them all."""
        for chain in self._chains:
            yield chain


def dear_chain(ticker: str = "DEAR", as_of: datetime = AS_OF) -> Chain:
    """Return a chain whose 30/60 and 30/90 fronts are dear: signals at every vol point."""
    return priced_chain(DEAR_FRONT, ticker, as_of)


async def scan(
    store: Store,
    chains: Sequence[Chain | ChainFailure],
    rules: ScanRules = RULES,
    keep: KeepQuotes = KeepQuotes.WINDOW,
) -> Recorded:
    """Scan ``chains`` into ``store`` and return what was new."""
    recorded = Recorded()
    async for step in ScanTickers(GivenChains(chains), rules, FixedClock(NOW), store, keep).run(()):
        recorded += step.recorded
    return recorded


async def rows_by_table(store: Store) -> dict[str, int]:
    """Return the exact number of rows in every table."""
    async with store.engine.connect() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in Base.metadata.sorted_tables
        }


async def fetch(store: Store, statement: str) -> list[tuple[object, ...]]:
    """Return all rows of a statement."""
    async with store.engine.connect() as connection:
        return [tuple(row) for row in (await connection.execute(text(statement))).all()]


async def execute(store: Store, *statements: str) -> None:
    """Run statements, each in a transaction of its own kind (autocommit)."""
    engine = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
