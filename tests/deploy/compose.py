"""compose.yaml as processes: what each service starts, with which environment, and after whom.

For tests that start the very commands of the file as processes of this machine::

    for one in read_compose({"DB_PASSWORD": "x", "DATABASE_URL": url}).processes():
        subprocess.Popen(one.command(COMMAND), env=base | one.environment)

``processes()`` comes in the order of ``depends_on``. One with ``ends`` is to be waited for (``migrate``). Ports and
hosts in ``environment`` are the container's: a test puts in its own API_PORT and API_HOST.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.dockerfile import read_dockerfile
from tests.deploy.interpolation import interpolate

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = REPOSITORY / "compose.yaml"
ENDED_WELL = "service_completed_successfully"

Service = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Process:
    """A service of ours as a process.

    Attributes:
        argv: entry point of the image and command of the service.
        after: names of services, with the condition each must meet first.
        ends: whether others wait for its end.
        check: its health check as argv, None where it has none.
        stop_seconds: how long it may take to end after SIGTERM.

    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    after: Mapping[str, str]
    ends: bool
    replicas: int
    check: tuple[str, ...] | None
    stop_seconds: float

    def command(self, program: Sequence[str]) -> list[str]:
        """Return argv with ``program`` in place of the image's ``forward-factor``."""
        return with_program(self.argv, program)

    def check_command(self, program: Sequence[str], python: str) -> list[str]:
        """Return the health check as it can be run here."""
        assert self.check is not None, f"{self.name} has no health check"
        if self.check[0] == "python":
            return [python, *self.check[1:]]
        return with_program(self.check, program)


@dataclass(frozen=True, slots=True)
class Compose:
    """The file after interpolation and merging."""

    document: Mapping[str, Any]

    @property
    def services(self) -> Mapping[str, Service]:
        """All services, those of profiles too."""
        found: Mapping[str, Service] = self.document["services"]
        return found

    def processes(self, profiles: Sequence[str] = ()) -> list[Process]:
        """Return the services built from this repository, each after those it depends on."""
        ours = {
            name: service
            for name, service in self.services.items()
            if "build" in service and (not service.get("profiles") or set(service["profiles"]) & set(profiles))
        }
        graph = {name: [one for one in service.get("depends_on", {}) if one in ours] for name, service in ours.items()}
        return [self._process(name, ours[name]) for name in TopologicalSorter(graph).static_order()]

    def _process(self, name: str, service: Service) -> Process:
        check = service.get("healthcheck", {})
        waited_for = [
            after[name]["condition"] == ENDED_WELL
            for after in (one.get("depends_on", {}) for one in self.services.values())
            if name in after
        ]
        return Process(
            name=name,
            argv=(*_entry_point(service), *service["command"]),
            environment={key: "" if value is None else str(value) for key, value in service["environment"].items()},
            after={other: rule["condition"] for other, rule in service.get("depends_on", {}).items()},
            ends=any(waited_for),
            replicas=int(service.get("deploy", {}).get("replicas", 1)),
            check=None if check.get("disable") else tuple(check["test"][1:]),
            stop_seconds=seconds(service["stop_grace_period"]),
        )


def read_compose(environment: Mapping[str, str], path: Path = COMPOSE) -> Compose:
    """Read the file as compose would with these variables and no others."""
    document = yaml.safe_load(path.read_text())
    return Compose(_mapped(document, lambda text: interpolate(text, environment)))


def texts(value: Any) -> Iterator[str]:
    """Yield every text within ``value``, but for keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def seconds(duration: str) -> float:
    """Return a duration of one unit, like ``30s`` or ``2m``, in seconds."""
    return float(duration[:-1]) * {"s": 1, "m": 60, "h": 3600}[duration[-1]]


def with_program(argv: Sequence[str], program: Sequence[str]) -> list[str]:
    """Return ``argv`` with ``program`` in place of ``forward-factor``."""
    assert argv[0] == "forward-factor", argv
    return [*program, *argv[1:]]


def _entry_point(service: Service) -> list[str]:
    if "entrypoint" in service:
        given: list[str] = service["entrypoint"]
        return given
    return read_dockerfile().last(service["build"]["target"], "ENTRYPOINT").listed


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return ``value`` with every text within it changed, but for keys."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, change) for one in value]
    return value
