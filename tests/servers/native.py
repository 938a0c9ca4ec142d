"""Databases on a TimescaleDB server that already runs, named by TEST_TIMESCALE_URL."""

from collections.abc import Callable

from tests.servers.sql import database_of, in_thread, run_sql, sqlalchemy_url, with_database
from tests.servers.store import new_name


class TimescaleNativeServer:
    """Makes and drops databases through an administrator's URL; touches no other database."""

    name = "timescale_native"
    parallel = True

    def __init__(self, admin_url: str) -> None:
        self._admin_url = sqlalchemy_url(admin_url)
        self._made: set[str] = set()

    def stop(self) -> None:
        for url in list(self._made):
            self.drop(url)

    def new_url(self) -> str:
        name = new_name()
        run_sql(self._admin_url, f'create database "{name}"')
        url = with_database(self._admin_url, name)
        self._made.add(url)
        run_sql(url, "create extension if not exists timescaledb")
        return url

    def cloned_url(self, template: str, build: Callable[[str], None]) -> str:
        """Build it anew: Timescale's own workers keep a template in use."""
        del template
        url = self.new_url()
        in_thread(lambda: build(url))
        return url

    def drop(self, url: str) -> None:
        run_sql(self._admin_url, f'drop database if exists "{database_of(url)}" with (force)')
        self._made.discard(url)
