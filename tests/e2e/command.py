"""The command line as a user meets it: a process of its own, an empty home, nothing set in the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
Argument = str | bytes | Path

COMMAND = (sys.executable, "-m", "forward_factor")
BYTECODE = REPOSITORY / ".cache" / "pycache"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The lines of stdout as JSON; what JSON does not know, like NaN, fails."""
        return [json.loads(line, parse_constant=_refuse) for line in self.stdout.splitlines()]

    @property
    def complaints(self) -> list[str]:
        """The lines of stderr that say something went wrong, or was left out."""
        return [line for line in self.stderr.splitlines() if line.startswith(("error: ", "warning: "))]

    def by_ticker(self) -> dict[str, dict[str, Any]]:
        """The JSON lines of a scan of one instant."""
        found = {one["ticker"]: one for one in self.objects}
        assert len(found) == len(self.objects)
        return found


@dataclass(slots=True)
class Terminal:
    """Runs commands in ``directory``, all with the same home and temporary directory within it."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.directory / "home"

    @property
    def scratch(self) -> Path:
        return self.directory / "scratch"

    def run(self, *arguments: Argument, **environment: str) -> Outcome:
        """Run one command to its end."""
        return self._run(arguments, environment, None)

    def tell(self, stdin: bytes, *arguments: Argument, **environment: str) -> Outcome:
        """Run one command to its end, with ``stdin``."""
        return self._run(arguments, environment, stdin)

    def _run(self, arguments: Sequence[Argument], environment: dict[str, str], stdin: bytes | None) -> Outcome:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.directory,
            env=self.variables(environment),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=240,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    def variables(self, more: dict[str, str]) -> dict[str, str]:
        for directory in (self.home, self.scratch):
            directory.mkdir(exist_ok=True)
        own = {"HOME": str(self.home), "TMPDIR": str(self.scratch), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        return own | _bytecode() | self.environment | more

    def left_behind(self) -> list[Path]:
        """Return the files in the home and the temporary directory."""
        return sorted(path for place in (self.home, self.scratch) for path in place.rglob("*"))


def assert_clean(text: str) -> None:
    """Fail where ``text`` holds a trace, or characters that a terminal acts on."""
    assert "Traceback" not in text
    assert "panicked at" not in text
    strange = {character for character in _without_line_ends(text) if not character.isprintable()}
    assert not strange, f"control characters {strange} in {text[:500]!r}"


def assert_one_line_each(outcome: Outcome, longest: int = 700) -> None:
    """Fail unless stderr is errors, warnings and one closing remark, each in one readable line."""
    assert_clean(outcome.stderr)
    lines = outcome.stderr.splitlines()
    remarks = [line for line in lines if line not in outcome.complaints]
    assert len(remarks) <= 1, remarks
    assert all(len(line) <= longest for line in lines)


def signals_of(line: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the signals of a line of ``scan --json``."""
    return [one for one in line["candidates"] if one["is_signal"]]


def _without_line_ends(text: str) -> Iterator[str]:
    return (character for character in text if character != "\n")


def _refuse(constant: str) -> object:
    raise AssertionError(f"{constant} is not JSON")


def _bytecode() -> dict[str, str]:
    """Where no bytecode is written, every command would compile all it imports anew, for some seconds each."""
    return {"PYTHONPYCACHEPREFIX": str(BYTECODE)} if sys.dont_write_bytecode else {}
