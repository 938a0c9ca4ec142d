"""What docs/deployment.md tells people to write and to type."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.compose import COMPOSE, REPOSITORY
from tests.deploy.known import faults_by_specification, is_known

PAGE = REPOSITORY / "docs" / "deployment.md"
TEXT = PAGE.read_text()
RAW: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
WITH_VALUE = {"--scale", "--tail", "--user", "-e", "-f", "-v"}
PINNED = re.compile(r"[a-z/]+:\d+\.\d+\.\d+[a-z0-9.-]*")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def _lines() -> list[str]:
    return [line for block in _blocks("sh") for line in block.replace("\\\n", " ").splitlines()]


TYPED = [words[2:] for line in _lines() if (words := shlex.split(line, comments=True))[:2] == ["docker", "compose"]]


def _plain(words: list[str]) -> list[str]:
    """Return ``words`` without options and their values, up to the first word that is a command's own."""
    plain, rest = [], iter(words)
    for word in rest:
        if word in WITH_VALUE:
            next(rest)
        elif not word.startswith("-"):
            plain.append(word)
    return plain


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_services_and_commands_are_known(words: list[str]) -> None:
    verb, *rest = _plain(words)
    if verb in {"run", "exec"}:
        service, *command = rest
        assert service in RAW["services"]
        if RAW["services"][service].get("build"):
            assert is_known(command if verb == "run" else command[1:])
            assert verb == "run" or command[0] == "forward-factor"
    elif verb in {"up", "stop"}:
        assert set(rest) <= RAW["services"].keys()
    else:
        assert verb in {"build", "ps", "down"}


def test_there_is_something_to_type() -> None:
    assert len(TYPED) > 15


@pytest.mark.parametrize("block", _blocks("yaml"), ids=["proxy", "own server"])
def test_overrides_are_valid(block: str) -> None:
    override = yaml.safe_load(block)
    assert faults_by_specification(override) == []
    for name, service in override["services"].items():
        assert name in RAW["services"] or PINNED.fullmatch(service["image"])
        assert set(service.get("networks", [])) <= RAW["networks"].keys()
    without = {name for name, service in override["services"].items() if "profiles" in service}
    for service in RAW["services"].values():
        for other, rule in (service.get("depends_on") or {}).items():
            assert other not in without or rule["required"] is False


def test_every_service_is_described() -> None:
    described = dict(re.findall(r"^\| `([a-z-]+)` \| (`.*?`|–) \|", TEXT, re.MULTILINE))
    by_default = {name: service for name, service in RAW["services"].items() if "profiles" not in service}
    assert described.keys() == by_default.keys()
    for name, service in by_default.items():
        if "build" in service:
            assert described[name].strip("`").split() == service["command"]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_links_lead_somewhere(target: str) -> None:
    name, _, anchor = target.partition("#")
    page = (PAGE.parent / name).resolve() if name else PAGE
    assert page.exists()
    if anchor:
        assert anchor in _anchors(page)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
