"""Administrative SQL from synchronous test code, and the two forms of a database URL."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

_CONNECT_SECONDS = 20
_STATEMENT_SECONDS = 60

T = TypeVar("T")


def sqlalchemy_url(url: str) -> str:
    """The URL for `create_async_engine`."""
    return _with_scheme(url, "postgresql+asyncpg")


def asyncpg_url(url: str) -> str:
    """The URL for `asyncpg.connect`."""
    return _with_scheme(url, "postgresql")


def with_database(url: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def database_of(url: str) -> str:
    """The database a URL names."""
    return urlsplit(url).path.removeprefix("/")


def run_sql(url: str, *statements: str) -> None:
    """Run statements one by one, each in a transaction of its own."""
    in_thread(lambda: asyncio.run(_run(url, statements)))


def in_thread(work: Callable[[], T]) -> T:
    """Call `work` where no event loop runs, so that it may start one; blocks the caller's."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()


async def _run(url: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(asyncpg_url(url), timeout=_CONNECT_SECONDS)
    try:
        for statement in statements:
            await connection.execute(statement, timeout=_STATEMENT_SECONDS)
    finally:
        await connection.close()


def _with_scheme(url: str, scheme: str) -> str:
    return urlunsplit(urlsplit(url)._replace(scheme=scheme))
