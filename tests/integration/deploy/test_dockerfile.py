"""The Dockerfile: what is installed is known by hash, who runs it is not root, and its context is enough."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.deploy.compose import REPOSITORY, read_compose
from tests.deploy.dockerfile import read_dockerfile

FILE = read_dockerfile()
TARGETS = ["runtime", "tools"]
PINNED = re.compile(r"[a-z/]+:\d+\.\d+[.0-9]*-(slim-)?bookworm")
BUILD_TOOLS = re.compile(r"\b(gcc|g\+\+|make|build-essential|git|curl|wget|-dev)\b")


def _run_lines(*names: str) -> list[str]:
    return [one.text for name in names for one in FILE.stages[name].all("RUN")]


def test_images_are_pinned() -> None:
    assert FILE.images
    assert all(PINNED.fullmatch(image) for image in FILE.images)


def test_the_default_target_is_the_services() -> None:
    assert list(FILE.stages)[-1] == "runtime"
    built = {
        service["build"]["target"]
        for service in read_compose({"DB_PASSWORD": "x"}).services.values()
        if "build" in service
    }
    assert built == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_it_does_not_run_as_root(target: str) -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", FILE.last(target, "USER").text)


@pytest.mark.parametrize("target", TARGETS)
def test_it_says_how_to_be_stopped_and_started(target: str) -> None:
    assert FILE.last(target, "STOPSIGNAL").text == "SIGTERM"
    assert FILE.last(target, "ENTRYPOINT").listed == ["forward-factor"]
    assert FILE.last(target, "CMD").listed


def test_it_says_how_it_is() -> None:
    check = FILE.last("runtime", "HEALTHCHECK")
    assert check.listed[:2] == ["python", "-c"]
    assert check.listed == read_compose({"DB_PASSWORD": "x"}).services["api"]["healthcheck"]["test"][1:]


def test_every_package_is_known_by_hash() -> None:
    installs = [line for stage in FILE.stages for line in _run_lines(stage) if "pip install" in line]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "--only-binary :all:" in installs[0]
    assert "-r requirements.txt" in installs[0]
    assert "--no-deps" in installs[1]
    assert "--no-build-isolation" in installs[1]


def test_nothing_comes_from_elsewhere() -> None:
    assert not [one for stage in FILE.stages.values() for one in stage.all("ADD")]
    ran = " ".join(_run_lines(*FILE.stages))
    assert "://" not in ran
    assert "index-url" not in ran


@pytest.mark.parametrize("target", TARGETS)
def test_no_build_tools_stay(target: str) -> None:
    stages = FILE.lineage(target)
    assert "build" not in {stage.name for stage in stages}
    kept = " ".join(one.text for stage in stages for one in stage.all("RUN"))
    assert not BUILD_TOOLS.search(kept)
    assert "uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip" in kept
    assert all("rm -rf /var/lib/apt/lists/*" in one for one in _run_lines(*FILE.stages) if "apt-get" in one)


def test_the_clients_are_of_the_databases_version() -> None:
    database = read_compose({"DB_PASSWORD": "x"}).services["timescaledb"]["image"].rpartition("-pg")[2]
    (image,) = {origin for origin in FILE.images if origin.startswith("postgres:")}
    assert image.startswith(f"postgres:{database}.")
    (copied,) = FILE.stages["tools"].all("COPY")
    assert set(re.findall(r"postgresql/(\d+)/bin", copied.text)) == {database}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What .dockerignore lets through: it refuses all, names what may come, and refuses some of that again."""
    lines = [line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    again = {"**/__pycache__", "**/*.py[cod]"}
    assert {line for line in lines[1:] if not line.startswith("!")} == again
    place = tmp_path_factory.mktemp("context")
    for line in lines:
        if line.startswith("!"):
            source = REPOSITORY / line[1:]
            if source.is_dir():
                shutil.copytree(source, place / source.name, ignore=shutil.ignore_patterns("__pycache__", "*.py[cod]"))
            else:
                shutil.copy(source, place)
    return place


def test_the_context_is_what_is_copied(context: Path) -> None:
    copied = [name for one in FILE.stages["build"].all("COPY") for name in one.text.split()[:-1]]
    assert sorted(copied) == sorted(path.name for path in context.iterdir())


def test_the_context_is_enough_to_build_the_package(context: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=context,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = tmp_path.glob("*.whl")
    here = {str(path.relative_to(REPOSITORY / "src")) for path in (REPOSITORY / "src").rglob("*.py")}
    assert here <= set(ZipFile(wheel).namelist())
