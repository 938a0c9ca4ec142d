"""A store as the tests see it: something that gives empty databases."""

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Protocol

from tests.servers.sql import in_thread


class StoreServer(Protocol):
    """Gives databases of one kind; every URL is for `create_async_engine`."""

    @property
    def name(self) -> str:
        """One of sqlite, postgresql, timescale_wasm, timescale_native."""

    @property
    def parallel(self) -> bool:
        """Whether several transactions can be open in one database at the same time."""

    def new_url(self) -> str:
        """Make an empty database."""

    def cloned_url(self, template: str, build: Callable[[str], None]) -> str:
        """Make a copy of a database that `build(url)` filled when `template` was first named."""

    def drop(self, url: str) -> None:
        """Remove a database this server made."""


class Lease:
    """A store server for one test: what it made goes when the test ends."""

    def __init__(self, server: StoreServer) -> None:
        self.server = server
        self.name = server.name
        self.parallel = server.parallel
        self._urls: list[str] = []

    def new_url(self) -> str:
        return self._keep(self.server.new_url())

    def cloned_url(self, template: str, build: Callable[[str], None]) -> str:
        return self._keep(self.server.cloned_url(template, build))

    def drop(self, url: str) -> None:
        self._urls.remove(url)
        self.server.drop(url)

    def end(self) -> None:
        while self._urls:
            self.server.drop(self._urls.pop())

    def _keep(self, url: str) -> str:
        self._urls.append(url)
        return url


class SqliteStore:
    """Database files in one folder."""

    name = "sqlite"
    parallel = False

    def __init__(self, folder: Path, templates: Path) -> None:
        self._folder = folder
        self._templates = templates

    def new_url(self) -> str:
        return _sqlite_url(self._new_path())

    def cloned_url(self, template: str, build: Callable[[str], None]) -> str:
        source = self._templates / f"{template}.db"
        if not source.exists():
            self._build(source, build)
        target = self._new_path()
        _copy(source, target)
        return _sqlite_url(target)

    def drop(self, url: str) -> None:
        """Left to the folder's owner: a file may still be open."""

    def _build(self, path: Path, build: Callable[[str], None]) -> None:
        unfinished = self._new_path()
        in_thread(lambda: build(_sqlite_url(unfinished)))
        _copy(unfinished, path)

    def _new_path(self) -> Path:
        return self._folder / f"{new_name()}.db"


def new_name() -> str:
    """A database name no other test has."""
    return f"ff_test_{secrets.token_hex(6)}"


def _copy(source: Path, target: Path) -> None:
    # Not a file copy: a part of the database may still be in its write-ahead log.
    with closing(sqlite3.connect(source)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer)


def _sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"
