"""An installation with its page, as a process of its own, and what its operator does from a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.fleet import IN_SESSION, Fleet, fleet, free_port, standing_at

PASSWORD = "correct horse battery"
CALM = {"SCAN_CADENCE_HIGH": "1", "SCAN_CADENCE_MEDIUM": "1", "SCAN_CADENCE_LOW": "1"}
"""Minutes: where many tests share an installation, none is to drown the others in signals."""
QUICK = "0.04"
"""Minutes between scans where one test alone waits for them."""
SECRET = "a secret of thirty-two letters or so"


@dataclass(frozen=True, slots=True)
class Site:
    """A running installation.

    Attributes:
        service: the name of the process that serves the page.

    """

    services: Fleet
    port: int
    service: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask as nobody's browser."""
        return httpx.request(method, f"{self.url}{path}", timeout=30, trust_env=False, **more)

    def client(self, **headers: str) -> httpx.Client:
        """Return what keeps cookies as a browser does, but follows no redirect."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of the operator's on this installation; return what it prints."""
        terminal = self.services.terminal
        outcome = terminal.tell(stdin.encode(), *arguments, **self.services.environment)
        assert outcome.code == 0, outcome.stderr
        return outcome.stdout

    @contextmanager
    def register(self, email: str) -> Iterator[httpx.Client]:
        """Make an account by the form; give its session."""
        with self.client() as client:
            answer = client.post("/register", data={"email": email, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield client

    def is_up(self) -> bool:
        try:
            return self.ask("GET", "/health/db").is_success
        except httpx.HTTPError:
            return False


@contextmanager
def serving(
    directory: Path, url: str, service: str = "up", instant: datetime = IN_SESSION, **settings: str
) -> Iterator[Site]:
    """Run ``service`` on the store at ``url``, on simulated data, until the block ends; then it ends cleanly."""
    port = free_port()
    environment = {
        "DATABASE_URL": url,
        "SCAN_PROVIDER": "simulated",
        "DISCOVERY_SIZE": "0",
        "SECRET_KEY": SECRET,
        "CLOCK_OFFSET_SECONDS": standing_at(instant),
        "API_PORT": str(port),
        **CALM,
        **settings,
    }
    with fleet(directory, environment) as services:
        site = Site(services, port, service)
        services.start(service)
        services.wait_until(site.is_up, "the page is served")
        yield site
        assert set(services.stop().values()) == {0}, services.tails()
        assert "Traceback" not in services.log_of(service), services.tails(200)
