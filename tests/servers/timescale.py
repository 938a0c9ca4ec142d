"""TimescaleDB in WASM: one node process for each test process, each database a backend in it."""

import json
import queue
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from tests.servers.errors import ServerError
from tests.servers.sql import database_of, in_thread, sqlalchemy_url
from tests.servers.store import new_name
from tests.servers.wasm_install import WasmInstall, installed
from tests.servers.workdir import WorkDir, abandoned, last_lines

_PREFIX = "ff-timescale-"
_START_SECONDS = 60
_ORDER_SECONDS = 60
_STOP_SECONDS = 5


class TimescaleWasmServer:
    """Makes databases that run one transaction at a time; see timescale_wasm/server.mjs."""

    name = "timescale_wasm"
    parallel = False

    def __init__(self, turn_limit_seconds: float = 20) -> None:
        for _ in abandoned(_PREFIX):
            pass  # its process ended with its run; only the folder is left
        self._templates: set[str] = set()
        install = installed()
        self._work = WorkDir(_PREFIX)
        try:
            self._front = _Front(install, self._work.path / "log", turn_limit_seconds)
        except ServerError:
            self._work.remove()
            raise

    def stop(self) -> None:
        self._front.stop()
        self._work.remove()

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self._front.kill()

    def new_url(self) -> str:
        return self._create(new_name())

    def cloned_url(self, template: str, build: Callable[[str], None]) -> str:
        if template not in self._templates:
            url = self.new_url()
            in_thread(lambda: build(url))
            self._front.order("save", database=database_of(url), template=template)
            self._templates.add(template)
            return url
        return self._create(new_name(), template=template)

    def drop(self, url: str) -> None:
        self._front.order("drop", database=database_of(url))

    def _create(self, name: str, **details: str) -> str:
        self._front.order("create", database=name, **details)
        return sqlalchemy_url(f"postgresql://postgres@127.0.0.1:{self._front.port}/{name}")


class _Front:
    """The node process, which ends when its standard input closes."""

    def __init__(self, install: WasmInstall, log: Path, turn_limit_seconds: float) -> None:
        self._log = log
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        limit = f"--turn-limit-ms={turn_limit_seconds * 1000:.0f}"
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [*install.serve_command(), limit],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # else Ctrl-C ends it before the tests have cleaned up
            )
        self._input, self._output = _pipes(self._process)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.port = int(self._answer("start", _START_SECONDS)["port"])

    def order(self, order: str, **details: str) -> None:
        try:
            self._input.write(json.dumps({"order": order, **details}) + "\n")
            self._input.flush()
        except OSError as error:
            raise self._failure(order, "could not be sent") from error
        self._answer(order, _ORDER_SECONDS)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        try:
            self._input.close()
            self._process.wait(_STOP_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()
        self._listener.join()
        self._output.close()

    def _listen(self) -> None:
        for line in self._output:
            self._answers.put(line)
        self._answers.put("")

    def _answer(self, order: str, seconds: int) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            self._process.kill()
            raise self._failure(order, f"not answered in {seconds} s") from None
        if not line:
            raise self._failure(order, f"the process ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._failure(order, str(answer["error"]))
        return answer

    def _failure(self, order: str, reason: str) -> ServerError:
        text = f"TimescaleDB in WASM, {order}: {reason}\nserver log:\n{last_lines(self._log)}"
        return ServerError(text)


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise ServerError("node was started without pipes")
    return process.stdin, process.stdout
