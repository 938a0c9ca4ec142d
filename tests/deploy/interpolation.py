"""Variables in a compose file, put in as the compose specification says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress

Environment = Mapping[str, str]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")


class MissingVariable(Exception):
    """A variable that must be set and is not; the message is the file's."""


def interpolate(text: str, environment: Environment) -> str:
    """Return ``text`` with its variables put in; ``$$`` is a dollar.

    Raises:
        MissingVariable: one is not set (or, with ``:?``, empty) that must be.

    """
    return "".join(_pieces(text, environment))


def variables(text: str) -> set[str]:
    """Return the names of the variables in ``text``, those in defaults too."""
    found: set[str] = set()

    class Recording(dict[str, str]):
        def get(self, name: str, default: object = None) -> None:  # type: ignore[override]
            found.add(name)

    with suppress(MissingVariable):
        interpolate(text, Recording())
    return found


def _pieces(text: str, environment: Environment) -> list[str]:
    pieces, at = [], 0
    while (dollar := text.find("$", at)) >= 0:
        pieces.append(text[at:dollar])
        piece, at = _variable(text, dollar + 1, environment)
        pieces.append(piece)
    return [*pieces, text[at:]]


def _variable(text: str, at: int, environment: Environment) -> tuple[str, int]:
    """Return what stands for the variable that begins after a dollar, and where it ends."""
    if text.startswith("$", at):
        return "$", at + 1
    if text.startswith("{", at):
        end = _closing(text, at + 1)
        return _braced(text[at + 1 : end], environment), end + 1
    name = _NAME.match(text, at)
    if name is None:
        raise ValueError(f"a lone dollar in {text!r}")
    return environment.get(name[0]) or "", name.end()


def _closing(text: str, at: int) -> int:
    depth = 1
    while depth:
        if at >= len(text):
            raise ValueError(f"an open brace in {text!r}")
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at - 1


def _braced(inside: str, environment: Environment) -> str:
    name = _NAME.match(inside)
    if name is None:
        raise ValueError(f"no name in ${{{inside}}}")
    value, rest = environment.get(name[0]), inside[name.end() :]
    operator = _OPERATOR.match(rest)
    if operator is None:
        if rest:
            raise ValueError(f"no operator in ${{{inside}}}")
        return value or ""
    is_there = bool(value) if operator[0].startswith(":") else value is not None
    return _OPERATIONS[operator[0][-1]](value or "", is_there, rest[operator.end() :], environment)


def _or_default(value: str, is_there: bool, other: str, environment: Environment) -> str:
    return value if is_there else interpolate(other, environment)


def _or_fail(value: str, is_there: bool, other: str, environment: Environment) -> str:
    if not is_there:
        raise MissingVariable(interpolate(other, environment))
    return value


def _replaced(value: str, is_there: bool, other: str, environment: Environment) -> str:
    return interpolate(other, environment) if is_there else ""


_OPERATIONS: Mapping[str, Callable[[str, bool, str, Environment], str]] = {
    "-": _or_default,
    "?": _or_fail,
    "+": _replaced,
}
