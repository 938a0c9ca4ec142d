"""Services as processes of their own: started, watched, stopped and killed as an operator's machine would."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.command import REPOSITORY, Terminal

IN_SESSION = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
"""A Wednesday, an hour after the open in New York."""
PATIENCE_S = 60.0


@dataclass(slots=True)
class Service:
    """One process of a fleet."""

    name: str
    arguments: tuple[str, ...]
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """Kill without a word, as the kernel or a power cut does."""
        self.process.kill()
        self.process.wait(timeout=10)

    def stop(self, seconds: float = 20.0) -> int:
        """Ask to end and return the exit code."""
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)


@dataclass(slots=True)
class Fleet:
    """Services of one installation: the same environment, a log each."""

    terminal: Terminal
    environment: dict[str, str]
    services: dict[str, Service] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        return self.terminal.directory / "logs"

    def start(self, name: str, *arguments: str) -> Service:
        """Start ``forward-factor ARGUMENTS`` (``name`` itself if there are none); its log goes on where it stood."""
        self.logs.mkdir(exist_ok=True)
        log = self.logs / f"{name}.log"
        command = [sys.executable, "-m", "forward_factor", *(arguments or (name,))]
        with log.open("ab") as sink:
            process = subprocess.Popen(
                command,
                cwd=self.terminal.directory,
                env=self.terminal.variables(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )
        self.services[name] = Service(name, arguments or (name,), log, process)
        return self.services[name]

    def restart(self, name: str) -> Service:
        """Start a service again as it was started."""
        return self.start(name, *self.services[name].arguments)

    def stop(self) -> dict[str, int]:
        """Ask all to end, the last started first; return their exit codes."""
        for service in reversed(self.services.values()):
            if service.is_running:
                service.process.send_signal(signal.SIGTERM)
        return {name: service.process.wait(timeout=30) for name, service in self.services.items()}

    def log_of(self, name: str) -> str:
        """Return all that a service has written."""
        path = self.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def saw(self, name: str, pattern: str) -> bool:
        """Return whether a service's log holds ``pattern``."""
        return re.search(pattern, self.log_of(name)) is not None

    def tails(self, lines: int = 30) -> str:
        """Return the end of every log, for a failure's message."""
        parts = [f"== {name}\n" + "\n".join(self.log_of(name).splitlines()[-lines:]) for name in self.services]
        return "\n".join(parts)

    def wait_until(self, is_so: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait until ``is_so()``; fail with every log's end if it never is, or a service has ended by itself."""
        until = time.monotonic() + seconds
        while not is_so():
            ended = [one.name for one in self.services.values() if not one.is_running]
            assert not ended, f"{ended} ended while waiting until {what}:\n{self.tails()}"
            assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}\n{self.tails()}"
            time.sleep(0.05)


@contextmanager
def fleet(directory: Path, environment: Mapping[str, str]) -> Iterator[Fleet]:
    """Give a fleet in ``directory``; whatever still runs at the end is killed."""
    made = Fleet(Terminal(directory), dict(environment))
    try:
        yield made
    finally:
        for service in made.services.values():
            if service.is_running:
                service.kill()


def standing_at(instant: datetime) -> str:
    """Return the CLOCK_OFFSET_SECONDS under which it is ``instant`` now."""
    return f"{(instant - datetime.now(UTC)).total_seconds():.3f}"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


__all__ = ["IN_SESSION", "REPOSITORY", "Fleet", "Service", "fleet", "free_port", "standing_at"]
