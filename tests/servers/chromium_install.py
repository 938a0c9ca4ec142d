"""Finds a Chromium for the browser tests, or installs the system's own where that can be done."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.servers.errors import ServerError
from tests.servers.workdir import locked

CACHE = Path(__file__).parents[2] / ".cache" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120
"""For each of the two steps; a test and all it waits for may take 300."""


def installed_chromium() -> Path:
    """Return the path of a browser.

    Raises:
        ServerError: there is none, and none can be installed; it says why.

    """
    return _found() or _install()


def _found() -> Path | None:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None


def _install() -> Path:
    """Install it once, however many workers ask; what failed is not tried again in the same run."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise ServerError(f"no browser: none of {', '.join(NAMES)} is on the path, and only root can apt-get one")
    with locked(CACHE / "lock"):
        (CACHE / ".gitignore").write_text("*\n")
        failed = CACHE / f"failed-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
        if found := _found():
            return found
        if failed.exists():
            raise ServerError(failed.read_text())
        try:
            return _apt_get()
        except ServerError as fault:
            failed.write_text(str(fault))
            raise


def _apt_get() -> Path:
    _run("apt-get", "-qq", "-o", "Acquire::Retries=1", "update")
    _run("apt-get", "-qq", "-y", "--no-install-recommends", "install", "chromium")
    found = _found()
    if found is None:
        raise ServerError("no browser: apt-get installed chromium, but it is not on the path")
    return found


def _run(*command: str) -> None:
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ServerError(f"no browser: `{' '.join(command)}` took longer than {_SECONDS} s") from None
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["without a word"])[-1]
        raise ServerError(f"no browser: `{' '.join(command)}` failed: {last}")
