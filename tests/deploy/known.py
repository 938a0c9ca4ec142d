"""What is known elsewhere: the command line's commands, and the compose specification."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import typer

from forward_factor.cli.main import app


def is_known(argv: Sequence[str]) -> bool:
    """Return whether ``argv`` begins with a command of the command line, ``forward-factor`` itself left out."""
    command = typer.main.get_command(app)
    for word in argv:
        if word == "--help":
            return True
        known = getattr(command, "commands", {})
        if word not in known:
            return False
        command = known[word]
        if not hasattr(command, "commands"):
            return True
    return False


def faults_by_specification(document: Mapping[str, Any]) -> list[str]:
    """Return what the compose specification's schema, as check-jsonschema ships it, says against ``document``."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(document)]


@cache
def _validator() -> Any:
    shipped = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(shipped.read_text())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)
