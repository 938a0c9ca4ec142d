"""The TimescaleDB features the store is built on, and what is special about the WASM front."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.servers.sql import asyncpg_url
from tests.servers.store import StoreServer
from tests.servers.timescale import TimescaleWasmServer

pytestmark = pytest.mark.asyncio

HYPERTABLE = """
    create table signals (as_of_ts timestamptz not null, ticker text not null, ff_value float8);
    select create_hypertable('signals', 'as_of_ts', chunk_time_interval => interval '1 day');
    insert into signals
    select timestamptz '2026-01-05' + n * interval '1 hour', 'T' || n % 3, n
    from generate_series(0, 239) n
"""
COMPRESSION = """
    alter table signals set (
        timescaledb.compress,
        timescaledb.compress_segmentby = 'ticker',
        timescaledb.compress_orderby = 'as_of_ts desc'
    )
"""
DAILY = """
    create materialized view signals_daily with (timescaledb.continuous) as
    select time_bucket('1 day', as_of_ts) as day, ticker, count(*) as signals, avg(ff_value) as ff
    from signals group by day, ticker with no data
"""
JOB = "select job_id from timescaledb_information.jobs where proc_name = $1"


@pytest_asyncio.fixture
async def signals(timescale_store: StoreServer) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database with a hypertable of ten daily chunks."""
    connection = await asyncpg.connect(asyncpg_url(timescale_store.new_url()))
    await connection.execute(HYPERTABLE)
    yield connection
    await connection.close()


async def chunks(connection: asyncpg.Connection, condition: str = "true") -> int:
    sql = f"select count(*) from timescaledb_information.chunks where {condition}"
    return int(await connection.fetchval(sql))


async def test_a_hypertable_has_chunks(signals: asyncpg.Connection) -> None:
    assert await chunks(signals, "hypertable_name = 'signals'") == 10


async def test_chunks_are_compressed_and_still_read(signals: asyncpg.Connection) -> None:
    before = await signals.fetch("table signals order by as_of_ts")
    await signals.execute(COMPRESSION)
    await signals.fetch("select compress_chunk(c) from show_chunks('signals') c")
    assert await chunks(signals, "is_compressed") == 10
    assert await signals.fetch("table signals order by as_of_ts") == before
    await signals.copy_records_to_table("signals", records=[(before[0][0], "late", 1.0)])
    assert await signals.fetchval("select count(*) from signals") == 241


async def test_a_compression_policy_runs_as_a_job(signals: asyncpg.Connection) -> None:
    await signals.execute(COMPRESSION)
    await signals.execute("select add_compression_policy('signals', interval '7 days')")
    await run_job(signals, "policy_compression")
    assert await chunks(signals, "is_compressed") == 10


async def test_a_continuous_aggregate_is_refreshed(signals: asyncpg.Connection) -> None:
    await signals.execute(DAILY)
    await signals.execute("call refresh_continuous_aggregate('signals_daily', null, null)")
    assert await signals.fetchval("select sum(signals) from signals_daily") == 240
    await signals.execute(
        "select add_continuous_aggregate_policy('signals_daily', start_offset => null, "
        "end_offset => interval '1 hour', schedule_interval => interval '1 hour')"
    )
    await signals.execute("insert into signals values ('2026-01-06', 'T1', 1)")
    await run_job(signals, "policy_refresh_continuous_aggregate")
    assert await signals.fetchval("select sum(signals) from signals_daily") == 241


async def test_an_aggregate_is_refused_inside_a_transaction(signals: asyncpg.Connection) -> None:
    await signals.execute(DAILY)
    refresh = "call refresh_continuous_aggregate('signals_daily', null, null)"
    with pytest.raises(asyncpg.ActiveSQLTransactionError):
        async with signals.transaction():
            await signals.execute(refresh)
    await signals.execute(refresh)


async def test_old_chunks_are_dropped(signals: asyncpg.Connection) -> None:
    await signals.fetch("select drop_chunks('signals', timestamptz '2026-01-10')")
    assert await signals.fetchval("select min(as_of_ts)::date::text from signals") == "2026-01-10"
    await signals.execute("select add_retention_policy('signals', interval '7 days')")
    await run_job(signals, "policy_retention")
    assert await signals.fetchval("select count(*) from signals") == 0


async def run_job(connection: asyncpg.Connection, procedure: str) -> None:
    # Native workers may be running the same job, which is as good.
    job = await connection.fetchval(JOB, procedure)
    await connection.execute(f"call run_job({job})")


async def test_sqlalchemy_makes_an_aggregate_in_autocommit(timescale_store: StoreServer) -> None:
    engine = create_async_engine(timescale_store.new_url())
    async with engine.connect() as connection:
        await connection.exec_driver_sql(HYPERTABLE.partition(";")[0])
        await connection.execute(text("select create_hypertable('signals', 'as_of_ts')"))
        await connection.execute(text("insert into signals values (now(), 'SPY', 0.3)"))
        await connection.commit()
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(DAILY))
        await connection.execute(text("call refresh_continuous_aggregate('signals_daily', null, null)"))
        assert await connection.scalar(text("select ticker from signals_daily")) == "SPY"
    await engine.dispose()


@pytest.fixture
def impatient_server(
    timescale_wasm_server: TimescaleWasmServer,
) -> Iterator[TimescaleWasmServer]:
    del timescale_wasm_server  # only for the skip
    server = TimescaleWasmServer(turn_limit_seconds=0.3)
    yield server
    server.stop()


@pytest.mark.timescale
@pytest.mark.timescale_wasm
async def test_two_open_transactions_end_in_an_error_not_in_a_hang(
    impatient_server: TimescaleWasmServer,
) -> None:
    url = asyncpg_url(impatient_server.new_url())
    holder, waiter = await asyncpg.connect(url), await asyncpg.connect(url)
    await holder.execute("begin")
    for ask in (waiter.execute, waiter.fetch):
        with pytest.raises(asyncpg.LockNotAvailableError, match="one transaction at a time"):
            await ask("select 1")
    await holder.execute("commit")
    assert await waiter.fetchval("select 1") == 1
    await holder.close()
    await waiter.close()


@pytest.mark.timescale
@pytest.mark.timescale_wasm
async def test_a_dropped_database_is_unknown(timescale_wasm_server: TimescaleWasmServer) -> None:
    url = timescale_wasm_server.new_url()
    connection = await asyncpg.connect(asyncpg_url(url))
    timescale_wasm_server.drop(url)
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
        await connection.fetchval("select 1")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(asyncpg_url(url))


@pytest.mark.timescale
@pytest.mark.timescale_wasm
async def test_a_copy_by_the_extended_protocol_is_refused(
    timescale_wasm_server: TimescaleWasmServer,
) -> None:
    url = timescale_wasm_server.new_url()
    connection = await asyncpg.connect(asyncpg_url(url))
    await connection.execute("create table t (n int)")
    with pytest.raises(asyncpg.FeatureNotSupportedError):
        await connection.fetch("copy t from stdin")
    assert await connection.fetchval("select 1") == 1
    await connection.close()
    timescale_wasm_server.drop(url)
