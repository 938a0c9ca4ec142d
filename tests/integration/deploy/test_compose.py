"""compose.yaml: valid by the specification's schema, the plan's services, and nothing that would surprise a host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from forward_factor import __version__
from forward_factor.config import Settings
from forward_factor.storage.engine import parse_database_url
from tests.deploy.compose import COMPOSE, ENDED_WELL, REPOSITORY, read_compose, texts
from tests.deploy.interpolation import MissingVariable, variables
from tests.deploy.known import faults_by_specification, is_known

GIVEN = {"DB_PASSWORD": "of a test"}
OF_COMPOSE_ALONE = {"API_BIND", "DB_BIND", "DB_MAX_CONNECTIONS", "WORKERS"}
OF_THE_PLAN = {
    "timescaledb", "migrate", "api", "bot", "scheduler", "worker", "reminder-worker", "discovery-worker",
}  # fmt: skip
SCALED = ["worker"]
PINNED = re.compile(r"[a-z0-9/-]+:\d+\.\d+[a-z0-9.-]*")
ALL_PROFILES = ("sqlite", "tools")

RAW: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
FILE = read_compose(GIVEN)
PROCESSES = {one.name: one for one in FILE.processes(ALL_PROFILES)}
STAYING = [name for name, one in PROCESSES.items() if FILE.services[name]["restart"] == "unless-stopped"]
SETTINGS = {name.upper() for name in Settings.model_fields}
SECRETS = {name.upper() for name, field in Settings.model_fields.items() if field.annotation == SecretStr | None}


def test_the_specification_accepts_it() -> None:
    assert faults_by_specification(RAW) == []


@pytest.mark.parametrize(
    "change",
    [{"restarts": "always"}, {"depends_on": {"migrate": {"condition": "done"}}}, {"healthcheck": {"tests": []}}],
)
def test_the_specification_would_refuse_a_slip(change: dict[str, object]) -> None:
    document = RAW | {"services": RAW["services"] | {"api": RAW["services"]["api"] | change}}
    assert faults_by_specification(document)


def test_services_are_the_plans() -> None:
    by_default = {name for name, service in FILE.services.items() if "profiles" not in service}
    assert by_default == OF_THE_PLAN


def test_the_database_is_the_plans() -> None:
    service = FILE.services["timescaledb"]
    assert re.fullmatch(r"timescale/timescaledb:\d+\.\d+\.\d+-pg16", service["image"])
    assert service["container_name"] == "ff-bot-timescaledb"
    assert service["volumes"] == ["timescale-data:/var/lib/postgresql/data"]
    assert service["labels"] == {"com.centurylinklabs.watchtower.enable": "false"}
    assert service["ports"] == ["127.0.0.1:5432:5432"]
    assert service["healthcheck"]["test"][1] == "pg_isready"
    assert service["environment"] == {
        "POSTGRES_USER": "ffbot", "POSTGRES_PASSWORD": "of a test", "POSTGRES_DB": "ffbot",
    }  # fmt: skip
    assert set(FILE.document["volumes"]) >= {"timescale-data"}


def test_ports_are_this_machines_alone_unless_said() -> None:
    ports = [port for service in FILE.services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    opened = read_compose(GIVEN | {"API_BIND": "0.0.0.0", "API_PORT": "80", "DB_PORT": "5433"})
    assert opened.services["api"]["ports"] == ["0.0.0.0:80:8000"]
    assert opened.services["timescaledb"]["ports"] == ["127.0.0.1:5433:5432"]


def test_everything_is_in_one_network() -> None:
    assert all(service["networks"] == ["apps"] for service in FILE.services.values())
    assert "apps" in FILE.document["networks"]


def test_images_are_pinned() -> None:
    assert all(PINNED.fullmatch(service["image"]) for service in FILE.services.values())
    assert not any("latest" in text for text in texts(RAW))
    assert {FILE.services[name]["image"].rpartition(":")[2] for name in PROCESSES} == {__version__}


def test_migrations_come_first_and_once() -> None:
    order = [one.name for one in FILE.processes()]
    assert order[0] == "migrate"
    assert PROCESSES["migrate"].ends
    assert FILE.services["migrate"]["restart"] == "no"
    assert PROCESSES["migrate"].after == {"timescaledb": "service_healthy"}
    for name in order[1:]:
        assert PROCESSES[name].after == {"timescaledb": "service_healthy", "migrate": ENDED_WELL}
        assert not PROCESSES[name].ends


@pytest.mark.parametrize("name", PROCESSES)
def test_commands_are_known(name: str) -> None:
    assert is_known(PROCESSES[name].argv[1:])


@pytest.mark.parametrize("name", STAYING)
def test_health_checks_ask_for_the_service(name: str) -> None:
    one = PROCESSES[name]
    assert one.check is not None
    if one.check[0] == "python":
        compile(one.check[2], "health check", "exec")
        assert "ports" in FILE.services[name]
    else:
        assert one.check == ("forward-factor", "health", {"scans": "worker"}.get(one.argv[-1], one.argv[-1]))
        assert is_known(one.check[1:])


@pytest.mark.parametrize("name", PROCESSES)
def test_services_may_do_little(name: str) -> None:
    service = FILE.services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert "user" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"]
    assert service["init"] is True
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert all(mount.split(":")[0] in FILE.document["volumes"] for mount in service.get("volumes", []))


@pytest.mark.parametrize("name", STAYING)
def test_services_stay_within_bounds_and_end_in_time(name: str) -> None:
    assert FILE.services[name]["deploy"]["resources"]["limits"]["memory"]
    assert PROCESSES[name].stop_seconds >= 30


@pytest.mark.parametrize("name", SCALED)
def test_some_may_be_many(name: str) -> None:
    many = read_compose(GIVEN | {"WORKERS": "4"})
    assert {one.name: one.replicas for one in many.processes()}[name] == 4
    assert PROCESSES[name].replicas == 1
    assert not {"container_name", "hostname", "ports", "volumes"} & FILE.services[name].keys()


def test_a_password_must_be_set() -> None:
    with pytest.raises(MissingVariable, match=r"DB_PASSWORD in \.env"):
        read_compose({})


def test_variables_are_settings_or_explained() -> None:
    used = {name for text in texts(RAW) for name in variables(text)}
    assert used - SETTINGS == OF_COMPOSE_ALONE
    for text in (COMPOSE.read_text(), (REPOSITORY / "docs" / "deployment.md").read_text()):
        assert all(name in text for name in OF_COMPOSE_ALONE)


def test_secrets_come_from_outside() -> None:
    secret = SECRETS | {"POSTGRES_PASSWORD"}
    written = [(name, value) for service in RAW["services"].values() for name, value in _environment(service).items()]
    assert {name for name, _ in written} >= secret
    for name, value in written:
        if name in secret and value != "sqlite:////data/forward-factor.db":
            assert re.fullmatch(r"\$\{[A-Z_]+:(-|\?[^}]*)\}", value), name


@pytest.mark.parametrize("name", PROCESSES)
def test_settings_reach_every_service_and_secrets_some(name: str) -> None:
    given = _environment(RAW["services"][name])
    assert given.keys() >= SETTINGS - SECRETS | {"DATABASE_URL", "DB_PASSWORD"}
    assert given.keys() - SETTINGS == ({"TMPDIR"} if name == "tools" else set())
    others = SECRETS - {"DATABASE_URL", "DB_PASSWORD"}
    assert name == "sqlite" or not given.keys() >= others


def test_a_setting_in_the_env_file_arrives() -> None:
    """Each but those that are fixed within containers."""
    values = {name: f"value of {name}" for name in SETTINGS}
    fixed = {"API_HOST", "API_PORT", "DB_HOST", "DB_PORT"}
    for one in read_compose(values).processes():
        arrived = {name for name, value in one.environment.items() if value == values[name]}
        assert arrived == one.environment.keys() - fixed
        assert {one.environment["API_PORT"], one.environment["DB_PORT"]} == {"8000", "5432"}


HARD = "p@ss/w:rd%40 $x#'\"ü"


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"DB_PASSWORD": HARD}, ("timescaledb", 5432, "ffbot", HARD, "ffbot")),
        (
            {"DB_PASSWORD": HARD, "DB_HOST": "127.0.0.1", "DB_PORT": "5433"},
            ("timescaledb", 5432, "ffbot", HARD, "ffbot"),
        ),
        ({"DB_PASSWORD": "x", "DB_USER": "me", "DB_NAME": "mine"}, ("timescaledb", 5432, "me", "x", "mine")),
        (
            {"DB_PASSWORD": "x", "DATABASE_URL": "postgresql+asyncpg://me:p%40ss@db.example:6543/mine"},
            ("db.example", 6543, "me", "p@ss", "mine"),
        ),
    ],
)
def test_services_reach_the_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], url: tuple[object, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    for one in read_compose(variables).processes():
        for name, value in one.environment.items():
            monkeypatch.setenv(name, value)
        found = parse_database_url(Settings.read().store_url())
        assert (found.host, found.port, found.username, found.password, found.database) == url


def test_the_profiles_stand_alone() -> None:
    for name in ALL_PROFILES:
        assert PROCESSES[name].after == {}
    assert PROCESSES["sqlite"].environment["DATABASE_URL"].startswith("sqlite:////data/")


def _environment(service: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = service["environment"]
    return found
