"""A store, opened: its engine, what it can do, and the adapters that work on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.errors import NotFound
from forward_factor.services.health_views import PoolUse, StoreHealth
from forward_factor.services.ports.jobs import ScanQueue
from forward_factor.storage.aggregates import SqlAggregates
from forward_factor.storage.budgets import SqlRequestBudgets
from forward_factor.storage.capabilities import Capabilities, read_capabilities
from forward_factor.storage.engine import PoolSettings, is_sqlite, open_engine, parse_database_url, sqlite_path
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.readers.account_records import SqlAccountRecords
from forward_factor.storage.readers.board import SqlSignalBoard
from forward_factor.storage.readers.daily import SqlDailyRecords
from forward_factor.storage.readers.deliveries import SqlDeliveries
from forward_factor.storage.readers.findings import SqlFindings
from forward_factor.storage.readers.health import pool_use, read_health
from forward_factor.storage.readers.history import SqlChainHistory
from forward_factor.storage.readers.known_tickers import SqlKnownTickers
from forward_factor.storage.readers.marks import SqlMarks
from forward_factor.storage.readers.recorded_scans import SqlScanRecords
from forward_factor.storage.readers.records import SqlRecords
from forward_factor.storage.readers.running import SqlRunning
from forward_factor.storage.readers.scanned_prices import SqlScannedPrices
from forward_factor.storage.readers.series import SqlSeries
from forward_factor.storage.readers.stats import SqlStats
from forward_factor.storage.readers.stored_chains import SqlStoredChains
from forward_factor.storage.schema import (
    SchemaLevel,
    downgrade_schema,
    read_level,
    require_newest,
    upgrade_schema,
)
from forward_factor.storage.status import StoreStatus, read_status
from forward_factor.storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Store:
    """An open store at the newest schema."""

    engine: AsyncEngine
    capabilities: Capabilities

    @property
    def findings(self) -> SqlFindings:
        """Return the reader of signals and candidates."""
        return SqlFindings(self.engine)

    def history(self, provider: str | None = None) -> SqlChainHistory:
        """Return the reader of stored chains, of one provider if it is named."""
        return SqlChainHistory(self.engine, provider)

    @property
    def chains(self) -> SqlStoredChains:
        """Return the reader of one ticker's stored chains and term structures."""
        return SqlStoredChains(self.engine)

    @property
    def account_records(self) -> SqlAccountRecords:
        """Return the reader of all that is kept about an account."""
        return SqlAccountRecords(self.engine)

    @property
    def daily(self) -> SqlDailyRecords:
        """Return the reader of what is kept by New York day."""
        return SqlDailyRecords(self.engine)

    @property
    def deliveries(self) -> SqlDeliveries:
        """Return the reader of messages on their way."""
        return SqlDeliveries(self.engine)

    @property
    def scanned_prices(self) -> SqlScannedPrices:
        """Return the reader of what watched tickers cost when they were scanned last."""
        return SqlScannedPrices(self.engine)

    @property
    def records(self) -> SqlRecords:
        """Return the reader of signals and candidates by filters, of series and bars."""
        return SqlRecords(self.engine)

    @property
    def series(self) -> SqlSeries:
        """Return the reader of time series from beginning to end."""
        return SqlSeries(self.engine)

    @property
    def scan_records(self) -> SqlScanRecords:
        """Return the reader of past scans as rules look at them."""
        return SqlScanRecords(self.engine)

    @property
    def known_tickers(self) -> SqlKnownTickers:
        """Return the reader of tickers by name, and of their last scans."""
        return SqlKnownTickers(self.engine)

    @property
    def marks(self) -> SqlMarks:
        """Return the reader of what single contracts were quoted at."""
        return SqlMarks(self.engine)

    @property
    def board(self) -> SqlSignalBoard:
        """Return the reader of people's boards of signals."""
        return SqlSignalBoard(self.engine)

    @property
    def stats(self) -> SqlStats:
        """Return the reader of users' numbers."""
        return SqlStats(self.engine)

    @property
    def running(self) -> SqlRunning:
        """Return the reader of how the running system does."""
        return SqlRunning(self.engine)

    @property
    def pool_use(self) -> PoolUse | None:
        """Return how many connections this process has; None where the store is a file."""
        return pool_use(self.engine)

    async def health(self) -> StoreHealth:
        """Return how the store does; StoreUnavailable where it does not answer."""
        return await read_health(self.engine)

    async def status(self) -> StoreStatus:
        """Return what is in the store, as ``db status`` shows it."""
        with translated_faults():
            return await _status(self.engine)

    @property
    def aggregates(self) -> SqlAggregates:
        """Return the continuous aggregates."""
        return SqlAggregates(self.engine, self.capabilities)

    @property
    def budgets(self) -> SqlRequestBudgets | None:
        """Return what all processes together may ask of providers; on SQLite there is only one."""
        return None if is_sqlite(self.engine.url) else SqlRequestBudgets(self.engine)

    def scan_queue(self) -> ScanQueue | None:
        """Return the queue between scheduler and workers that the store itself keeps; SQLite keeps none."""
        if is_sqlite(self.engine.url):
            return None
        from forward_factor.storage.queue.server import ServerScanQueue  # noqa: PLC0415 - few commands need its library

        return ServerScanQueue(self.engine)

    def unit_of_work(self) -> SqlUnitOfWork:
        """Return a new transaction."""
        return SqlUnitOfWork(self.engine)

    def reading(self) -> SqlUnitOfWork:
        """Return a new transaction that only reads, and so waits for no writer."""
        return SqlUnitOfWork(self.engine, reads_only=True)


@asynccontextmanager
async def open_store(url: str, pool: PoolSettings) -> AsyncIterator[Store]:
    """Open the store at ``url``; a SQLite file is brought to the newest schema, a server must be at it.

    Raises:
        InvalidInput, StoreUnavailable, SchemaMismatch: see there.

    """
    async with _engine(url, pool) as engine:
        _make_folder(engine.url)
        with translated_faults():
            level, capabilities = await _read(engine)
            if is_sqlite(engine.url) and not level.is_newest:
                level = await upgrade_schema(engine)
        require_newest(level)
        yield Store(engine, capabilities)


async def upgrade_store(url: str, pool: PoolSettings) -> StoreStatus:
    """Bring the store to the newest schema and return its state."""
    async with _engine(url, pool) as engine:
        _make_folder(engine.url)
        with translated_faults():
            await upgrade_schema(engine)
            _, capabilities = await _read(engine)
            await SqlAggregates(engine, capabilities).catch_up()
            return await _status(engine)


async def downgrade_store(url: str, pool: PoolSettings, revision: str) -> StoreStatus:
    """Take the store down to ``revision`` and return its state."""
    async with _engine(url, pool) as engine:
        with translated_faults():
            await downgrade_schema(engine, revision)
            return await _status(engine)


async def read_store_status(url: str, pool: PoolSettings) -> StoreStatus:
    """Return the state of the store; changes nothing.

    Raises:
        NotFound: a SQLite file that is not there, which connecting would make.

    """
    async with _engine(url, pool) as engine:
        path = sqlite_path(engine.url) if is_sqlite(engine.url) else None
        if path is not None and not path.exists():
            raise NotFound(f"there is no store at {path} yet: a first scan, or `forward-factor db upgrade`, makes it")
        with translated_faults():
            return await _status(engine)


def _make_folder(url: URL) -> None:
    path = sqlite_path(url) if is_sqlite(url) else None
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)


@asynccontextmanager
async def _engine(url: str, pool: PoolSettings) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(parse_database_url(url), pool)
    try:
        yield engine
    finally:
        await engine.dispose()


async def _read(engine: AsyncEngine) -> tuple[SchemaLevel, Capabilities]:
    def read(connection: Connection) -> tuple[SchemaLevel, Capabilities]:
        return read_level(connection), read_capabilities(connection)

    async with engine.execution_options(reads_only=True).connect() as connection:
        return await connection.run_sync(read)


async def _status(engine: AsyncEngine) -> StoreStatus:
    async with engine.execution_options(reads_only=True).connect() as connection:
        return await connection.run_sync(read_status)
