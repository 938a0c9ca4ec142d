"""Where the browser of the tests comes from, and what is said where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.servers import chromium_install
from tests.servers.chromium_install import installed_chromium
from tests.servers.errors import ServerError


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on its path, whose tests run as root."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", "one-run")
    monkeypatch.setattr(chromium_install, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return programs


def _put(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_what_is_there_is_taken(path: Path, name: str) -> None:
    _put(path / name, "exit 0")
    assert installed_chromium() == path / name


def test_root_installs_it_once(path: Path) -> None:
    asked = path / "asked"
    script = f'echo "$*" >> {asked}; case "$*" in *install*) /bin/cp {path}/apt-get {path}/chromium;; esac'
    _put(path / "apt-get", script)
    assert installed_chromium() == path / "chromium"
    assert installed_chromium() == path / "chromium"
    update, install = asked.read_text().splitlines()
    assert update.endswith("update")
    assert install.endswith("install chromium")
    assert "http" not in update + install


def test_a_failure_is_told_and_not_repeated(path: Path) -> None:
    _put(path / "apt-get", f"echo tried >> {path}/asked; echo 'E: no network here'; exit 100")
    for _ in range(2):
        with pytest.raises(ServerError, match="update` failed: E: no network here"):
            installed_chromium()
    assert (path / "asked").read_text().splitlines() == ["tried"]


@pytest.mark.parametrize("has_apt", [True, False])
def test_others_than_root_are_told(path: Path, monkeypatch: pytest.MonkeyPatch, has_apt: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    if has_apt:
        _put(path / "apt-get", "exit 1")
    with pytest.raises(ServerError, match="none of chromium, chromium-browser, google-chrome"):
        installed_chromium()
