"""What every store must be able to do, so that the tests which use it can rely on it."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tests.servers.postgres import PostgresServer
from tests.servers.sql import asyncpg_url
from tests.servers.store import StoreServer

pytestmark = pytest.mark.asyncio

Row = tuple[int, str | None, float | None, datetime | None]

QUOTES = "create table quotes (id int primary key, ticker text, iv float8, at timestamptz)"
OPEN_TRANSACTION = """
import asyncio, asyncpg, sys
async def main():
    connection = await asyncpg.connect(sys.argv[1])
    await connection.execute("begin; insert into quotes values (1); lock table quotes")
    print("open", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@asynccontextmanager
async def engine_connection(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


@asynccontextmanager
async def connections(url: str, count: int) -> AsyncIterator[list[asyncpg.Connection]]:
    opened = [await asyncpg.connect(asyncpg_url(url)) for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.terminate()


def quotes(count: int) -> Iterator[Row]:
    start = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
    for number in range(count):
        if number % 7 == 0:
            yield number, None, None, None
        else:
            yield number, f"T{number}", number / 3, start + timedelta(minutes=number)


async def test_sqlalchemy_creates_writes_and_reads(empty_store_url: str) -> None:
    async with engine_connection(empty_store_url) as connection:
        await connection.execute(text("create table notes (id integer primary key, body text)"))
        await connection.execute(text("insert into notes values (1, :body)"), {"body": "naïve ✓"})
        await connection.commit()
    async with engine_connection(empty_store_url) as connection:
        assert await connection.scalar(text("select body from notes")) == "naïve ✓"


async def test_sqlalchemy_goes_on_after_an_error_and_a_rollback(empty_store_url: str) -> None:
    async with engine_connection(empty_store_url) as connection:
        await connection.execute(text("create table notes (id integer primary key)"))
        await connection.commit()
        await connection.execute(text("insert into notes values (1)"))
        with pytest.raises(DBAPIError):
            await connection.execute(text("insert into notes values (1)"))
        await connection.rollback()
        assert await connection.scalar(text("select count(*) from notes")) == 0
        await connection.execute(text("insert into notes values (2)"))
        await connection.commit()
        assert await connection.scalar(text("select id from notes")) == 2


async def test_databases_are_isolated(store_server: StoreServer) -> None:
    first, second = store_server.new_url(), store_server.new_url()
    async with engine_connection(first) as one, engine_connection(second) as other:
        await one.execute(text("create table only_here (id integer)"))
        await one.commit()
        with pytest.raises(DBAPIError):
            await other.execute(text("select * from only_here"))


async def test_a_clone_starts_from_its_template_and_changes_alone(
    store_server: StoreServer,
) -> None:
    first = store_server.cloned_url("notes", build_notes)
    async with engine_connection(first) as connection:
        await connection.execute(text("insert into notes values (2)"))
        await connection.commit()
    second = store_server.cloned_url("notes", build_notes)
    async with engine_connection(second) as connection:
        assert (await connection.execute(text("select id from notes"))).scalars().all() == [1]


def build_notes(url: str) -> None:
    async def build() -> None:
        async with engine_connection(url) as connection:
            await connection.execute(text("create table notes (id integer)"))
            await connection.execute(text("insert into notes values (1)"))
            await connection.commit()

    asyncio.run(build())


async def test_binary_copy_keeps_nulls_both_ways(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 1) as [connection]:
        await connection.execute(QUOTES)
        rows = list(quotes(1000))
        assert await connection.copy_records_to_table("quotes", records=rows) == "COPY 1000"
        assert [tuple(row) for row in await connection.fetch("table quotes order by id")] == rows
        written = bytearray()

        async def keep(chunk: bytes) -> None:
            written.extend(chunk)

        tag = await connection.copy_from_query("select * from quotes where id < $1", 500, output=keep, format="binary")
        assert tag == "COPY 500"
        await connection.execute("create table copied (like quotes)")
        halves = [bytes(written[:1000]), bytes(written[1000:])]
        await connection.copy_to_table("copied", source=_each(halves), format="binary")
        assert await connection.fetchval("select count(*) from copied natural join quotes") == 428


async def _each(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_a_failed_copy_leaves_the_connection_usable(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 1) as [connection]:
        await connection.execute(QUOTES)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.copy_records_to_table("quotes", records=[next(quotes(1))] * 2)
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.copy_records_to_table("missing", records=[(1,)])
        with pytest.raises(ZeroDivisionError):
            await connection.copy_to_table("quotes", source=_broken(), format="binary")
        assert await connection.fetchval("select count(*) from quotes") == 0


async def _broken() -> AsyncIterator[bytes]:
    yield b"PGCOPY"
    raise ZeroDivisionError


async def test_a_copy_given_up_aborts_its_transaction(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 1) as [connection]:
        await connection.execute(QUOTES)
        await connection.execute("begin")
        with pytest.raises(ZeroDivisionError):
            await connection.copy_to_table("quotes", source=_broken(), format="binary")
        with pytest.raises(asyncpg.InFailedSQLTransactionError):
            await connection.execute("select 1")
        await connection.execute("rollback")
        assert await connection.fetchval("select 1") == 1


async def test_prepared_statements_of_two_connections_do_not_mix(
    postgres_store: StoreServer,
) -> None:
    async with connections(postgres_store.new_url(), 2) as [one, other]:
        await one.execute(QUOTES)
        insert = await one.prepare("insert into quotes (id, ticker) values ($1, $2)")
        read = await other.prepare("select ticker from quotes where id = $1")
        for number in range(20):
            async with one.transaction():
                await insert.fetch(number, f"T{number}")
            async with other.transaction():
                assert await read.fetchval(number) == f"T{number}"


async def test_unnamed_statements_of_two_connections_do_not_mix(
    postgres_store: StoreServer,
) -> None:
    url = asyncpg_url(postgres_store.new_url())
    pair = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(2)]

    async def count(connection: asyncpg.Connection, sign: int) -> None:
        for number in range(30):
            sql = f"select $1::int * {sign}"
            assert await connection.fetchval(sql, number) == number * sign

    await asyncio.gather(count(pair[0], 1), count(pair[1], -1))
    for connection in pair:
        await connection.close()


async def test_concurrent_transactions_all_commit(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 4) as opened:
        await opened[0].execute("create table counter (owner int, n int)")

        async def work(owner: int, connection: asyncpg.Connection) -> None:
            for number in range(10):
                async with connection.transaction():
                    await connection.execute("insert into counter values ($1, $2)", owner, number)

        await asyncio.gather(*(work(owner, each) for owner, each in enumerate(opened)))
        assert await opened[0].fetchval("select count(*) from counter") == 40


async def test_an_error_in_a_transaction_stops_it_until_rollback(
    postgres_store: StoreServer,
) -> None:
    async with connections(postgres_store.new_url(), 2) as [connection, other]:
        await connection.execute(QUOTES)
        await connection.execute("begin")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.fetchval("select 1 / $1::int", 0)
        with pytest.raises(asyncpg.InFailedSQLTransactionError):
            await connection.fetchval("select $1::int", 1)
        await connection.execute("rollback")
        await connection.execute("insert into quotes (id) values (1)")
        assert await other.fetchval("select count(*) from quotes") == 1


async def test_savepoints(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 1) as [connection]:
        await connection.execute(QUOTES)
        async with connection.transaction():
            await connection.execute("insert into quotes (id) values (1)")
            with pytest.raises(asyncpg.UniqueViolationError):
                async with connection.transaction():
                    await connection.execute("insert into quotes (id) values (1)")
        assert await connection.fetchval("select count(*) from quotes") == 1


async def test_a_parameter_of_several_megabytes(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 1) as [connection]:
        payload = bytes(range(256)) * 20_000
        assert await connection.fetchval("select $1::bytea", payload) == payload


async def test_each_connection_keeps_its_own_settings(postgres_store: StoreServer) -> None:
    url = asyncpg_url(postgres_store.new_url())
    tokyo = await asyncpg.connect(url, server_settings={"timezone": "Asia/Tokyo"})
    other = await asyncpg.connect(url)
    await other.execute("set work_mem = '7MB'")
    assert await tokyo.fetchval("show timezone") == "Asia/Tokyo"
    assert await tokyo.fetchval("show work_mem") != "7MB"
    assert await other.fetchval("show work_mem") == "7MB"
    await other.execute("reset all")
    assert await other.fetchval("show timezone") == "UTC"
    assert await other.fetchval("show search_path") == '"$user", public'
    assert await tokyo.fetchval("show timezone") == "Asia/Tokyo"
    await tokyo.close()
    await other.close()


async def test_advisory_locks_can_be_asked_for(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 1) as [connection]:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(1)")
        assert await connection.fetchval("select pg_try_advisory_lock(2)")
        assert await connection.fetchval("select pg_advisory_unlock(2)")


async def test_a_notification_reaches_another_connection(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 2) as [listener, sender]:
        heard: asyncio.Queue[str] = asyncio.Queue()
        await listener.add_listener("jobs", lambda *event: heard.put_nowait(event[-1]))
        await sender.execute("notify jobs, 'new'")
        assert await asyncio.wait_for(heard.get(), 5) == "new"


async def test_a_client_killed_in_a_transaction_is_rolled_back(
    postgres_store: StoreServer,
) -> None:
    url = postgres_store.new_url()
    async with connections(url, 1) as [connection]:
        await connection.execute(QUOTES)
        open_transaction_and_die(asyncpg_url(url))
        counted = connection.fetchval("select count(*) from quotes")
        assert await asyncio.wait_for(counted, 10) == 0


def open_transaction_and_die(url: str) -> None:
    command = [sys.executable, "-c", OPEN_TRANSACTION, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "open\n"
        client.send_signal(signal.SIGKILL)


async def test_a_client_that_leaves_while_it_waits_is_forgotten(
    postgres_store: StoreServer,
) -> None:
    async with connections(postgres_store.new_url(), 3) as [holder, waiter, other]:
        await holder.execute(QUOTES)
        await holder.execute("begin; lock table quotes")
        waiting = asyncio.create_task(waiter.execute("insert into quotes values (1)"))
        await asyncio.sleep(0.1)
        waiter.terminate()
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
            await waiting
        await holder.execute("commit")
        counted = other.fetchval("select count(*) from quotes where id = 2")
        assert await asyncio.wait_for(counted, 10) == 0


async def test_a_client_can_stop_waiting_and_go_on(postgres_store: StoreServer) -> None:
    async with connections(postgres_store.new_url(), 2) as [holder, waiter]:
        await holder.execute(QUOTES)
        await holder.execute("begin; lock table quotes")
        for wait in (waiter.execute, waiter.fetch):
            with pytest.raises(TimeoutError):
                await wait("select count(*) from quotes", timeout=0.2)
        await holder.execute("commit")
        assert await waiter.fetchval("select count(*) from quotes", timeout=10) == 0


@pytest.mark.postgresql
async def test_postgres_takes_two_hundred_connections(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    async with connections(url, 200) as opened:
        assert await opened[-1].fetchval("select count(*) from pg_stat_activity") >= 200
    postgres_server.drop(url)
