"""Pytest fixtures for the test servers: pytest_plugins = ["tests.servers.fixtures"]."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.native import TimescaleNativeServer
from tests.servers.postgres import PostgresServer
from tests.servers.store import Lease, SqliteStore, StoreServer
from tests.servers.timescale import TimescaleWasmServer

NATIVE_URL = "TEST_TIMESCALE_URL"
SKIP_WASM = "FORWARD_FACTOR_SKIP_WASM"

_TIMESCALE = ("timescale_wasm", "timescale_native")
_STORES = ("sqlite", "postgresql", *_TIMESCALE)


def _marked(names: tuple[str, ...]) -> list[object]:
    return [pytest.param(name, marks=_marks(name)) for name in names]


def _marks(name: str) -> list[pytest.MarkDecorator]:
    marks = [name, "timescale"] if name in _TIMESCALE else [name]
    return [getattr(pytest.mark, mark) for mark in marks]


def pytest_configure(config: pytest.Config) -> None:
    for name in (*_STORES, "timescale"):
        config.addinivalue_line("markers", f"{name}: runs on the {name} store")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """An embedded PostgreSQL; each xdist worker has its own (it starts in under a second)."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def timescale_wasm_server() -> Iterator[TimescaleWasmServer]:
    """TimescaleDB in WASM; each xdist worker has its own."""
    if os.environ.get(SKIP_WASM) == "1":
        pytest.skip(f"{SKIP_WASM}=1")
    server = TimescaleWasmServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def timescale_native_server() -> Iterator[TimescaleNativeServer]:
    """The server that TEST_TIMESCALE_URL names."""
    url = os.environ.get(NATIVE_URL)
    if not url:
        pytest.skip(f"{NATIVE_URL} is not set: no native TimescaleDB")
    server = TimescaleNativeServer(url)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def timescale_servers(request: pytest.FixtureRequest) -> list[StoreServer]:
    """Every TimescaleDB there is: WASM, and the native one when it is set."""
    names = [name for name in _TIMESCALE if _is_wanted(name)]
    return [request.getfixturevalue(f"{name}_server") for name in names]


@pytest.fixture(params=_marked(_STORES))
def store_server(request: pytest.FixtureRequest, tmp_path: Path, sqlite_templates: Path) -> Iterator[StoreServer]:
    """Each of the four stores; the databases a test makes are dropped when it ends."""
    yield from _leased(request, tmp_path, sqlite_templates)


@pytest.fixture(params=_marked(_STORES[1:]))
def postgres_store(request: pytest.FixtureRequest, tmp_path: Path, sqlite_templates: Path) -> Iterator[StoreServer]:
    """Each store that speaks PostgreSQL's protocol."""
    yield from _leased(request, tmp_path, sqlite_templates)


@pytest.fixture(params=_marked(_TIMESCALE))
def timescale_store(request: pytest.FixtureRequest, tmp_path: Path, sqlite_templates: Path) -> Iterator[StoreServer]:
    """Each TimescaleDB."""
    yield from _leased(request, tmp_path, sqlite_templates)


@pytest.fixture
def empty_store_url(store_server: StoreServer) -> str:
    """An empty database on each of the four stores."""
    return store_server.new_url()


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sqlite_templates")


def _leased(request: pytest.FixtureRequest, folder: Path, templates: Path) -> Iterator[StoreServer]:
    lease = Lease(_server(request, folder, templates))
    yield lease
    lease.end()


def _server(request: pytest.FixtureRequest, folder: Path, templates: Path) -> StoreServer:
    name: str = request.param
    if name == "sqlite":
        return SqliteStore(folder, templates)
    fixture = "postgres_server" if name == "postgresql" else f"{name}_server"
    server: StoreServer = request.getfixturevalue(fixture)
    return server


def _is_wanted(name: str) -> bool:
    if name == "timescale_wasm":
        return os.environ.get(SKIP_WASM) != "1"
    return bool(os.environ.get(NATIVE_URL))
