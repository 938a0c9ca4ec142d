"""The move of an old bot's file to a server, proof included, against pgloader and against the plan's own script."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url

from benchmarks.figures import Figure, at_least, take_turns
from benchmarks.stores import NATIVE_URL
from forward_factor.storage.engine import connect_asyncpg
from forward_factor.storage.transfer.copying import copy_database
from forward_factor.storage.transfer.report import VERIFIED, Quiet
from tests.old_bot.schema import TABLES
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.native import TimescaleNativeServer
from tests.servers.postgres import PostgresServer
from tests.servers.store import StoreServer

EMBEDDED, SCRIPT, PGLOADER = "PostgreSQL", "SELECT *, executemany, no proof", "pgloader, no proof"
AMOUNTS = Amounts(users=2000, signals=150_000, snapshots=24_000, decisions=26_000, days=365)
ROUNDS = 3
PEERS_SHARE = 4
SCRIPT_ROWS = 20_000


def measure() -> list[Figure]:
    """Measure the move to each server there is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ffbot.db"
        write_old_file(path, AMOUNTS)
        return [figure for name, server in _servers() for figure in _on(name, server, path)]


def _on(name: str, server: StoreServer, path: Path) -> Iterator[Figure]:
    rows = _row_count(path)
    works = {"move": lambda: _move(server, path, rows), SCRIPT: lambda: _script(server, path)}
    if shutil.which("pgloader") and name != EMBEDDED:  # which listens on a socket only
        works[PGLOADER] = lambda: _pgloader(server, path)
    timings = take_turns(works, ROUNDS)
    for peer, amount in ((SCRIPT, SCRIPT_ROWS), (PGLOADER, rows)):
        if peer in works:
            baseline = timings.baseline(peer, "move", amount, rows)
            target = at_least(baseline.ratio, PEERS_SHARE) if peer == PGLOADER else None
            yield Figure(f"copied and proved, {name}", timings.rate("move", rows), "rows/s", baseline, target)


def _move(server: StoreServer, path: Path, rows: int) -> float:
    with _database(server) as url:
        report = asyncio.run(copy_database(f"sqlite:///{path}", url, Quiet(), to_legacy=False))
        assert report.status == VERIFIED, report
        return rows / report.rows_per_s


def _pgloader(server: StoreServer, path: Path) -> float:
    with _database(server) as url:
        parts = urlsplit(url)
        started = time.perf_counter()
        target = f"postgresql://{parts.netloc}{parts.path}"
        subprocess.run(["pgloader", f"sqlite://{path}", target], check=True, capture_output=True)
        return time.perf_counter() - started


def _script(server: StoreServer, path: Path) -> float:
    """Move some signals as the plan's scripts would: read all, insert one by one."""
    with _database(server) as url, closing(sqlite3.connect(path)) as file:
        rows = file.execute(f"SELECT * FROM signals LIMIT {SCRIPT_ROWS}").fetchall()
        return asyncio.run(_seconds_to_insert(make_url(url), [tuple(map(str, row)) for row in rows]))


async def _seconds_to_insert(url: URL, rows: list[tuple[str, ...]]) -> float:
    connection = await connect_asyncpg(url)
    try:
        columns = ", ".join(f"c{number} text" for number in range(len(rows[0])))
        marks = ", ".join(f"${number}" for number in range(1, len(rows[0]) + 1))
        await connection.execute(f"CREATE TABLE signals ({columns})")
        started = time.perf_counter()
        await connection.executemany(f"INSERT INTO signals VALUES ({marks})", rows)
        return time.perf_counter() - started
    finally:
        await connection.close()


@contextmanager
def _database(server: StoreServer) -> Iterator[str]:
    url = server.new_url()
    try:
        yield url
    finally:
        server.drop(url)


def _servers() -> Iterator[tuple[str, StoreServer]]:
    server = PostgresServer()
    try:
        yield EMBEDDED, server
    finally:
        server.stop()
    url = os.environ.get(NATIVE_URL)
    if url:
        native = TimescaleNativeServer(url)
        try:
            yield "native TimescaleDB", native
        finally:
            native.stop()


def _row_count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        return sum(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES)
