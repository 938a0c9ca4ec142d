"""The house's own measures: files that stay one thing, no catch-alls, every text the program needs shipped."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "forward_factor"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
IS_DDL = "migrations"
CATCHES_ALL = SOURCE / "serving" / "loop.py"
"""Keeps services going whatever happens; nobody else may catch everything."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    if IS_DDL in path.parts:
        return
    long = [name for name, lines in _functions(path) if lines > LONGEST_FUNCTION]
    assert long == []


@pytest.mark.parametrize(
    "path", [path for path in FILES if path != CATCHES_ALL], ids=lambda path: str(path.relative_to(SOURCE))
)
def test_no_catch_all(path: Path) -> None:
    handlers = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ExceptHandler)]
    caught = [ast.unparse(handler.type) if handler.type else "everything" for handler in handlers]
    assert not {"Exception", "everything"} & set(caught)


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


LOADED_BY_THOSE_WHO_NEED_THEM = {"fastapi", "httpx", "matplotlib", "polars", "telegram", "uvicorn"}


def test_commands_start_without_the_libraries_of_a_few() -> None:
    """Health checks start a command every minute in every container."""
    loaded = f"import sys, forward_factor.cli.main; print(*{LOADED_BY_THOSE_WHO_NEED_THEM} & sys.modules.keys())"
    started = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert started.stdout.split() == []
