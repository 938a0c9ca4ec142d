"""Interpolation as the compose specification has it; each case was compared with Docker Compose 2.40.3."""

from __future__ import annotations

import pytest

from tests.deploy.interpolation import MissingVariable, interpolate, variables

SET = {"A": "a", "EMPTY": "", "HARD": "p$s}w{o:-rd"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$A", "a"),
        ("${A}", "a"),
        ("<${A}$A>", "<aa>"),
        ("$NONE.${NONE}", "."),
        ("$$A $${A}", "$A ${A}"),
        ("${A:-x}", "a"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${NONE:-x}", "x"),
        ("${NONE-x}", "x"),
        ("${NONE:-}", ""),
        ("${NONE:-${A}b}", "ab"),
        ("${NONE:-${EMPTY:-c}}d", "cd"),
        ("${NONE:-a:b?c}", "a:b?c"),
        ("${A:+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${EMPTY+x}", "x"),
        ("${NONE+x}", ""),
        ("${A:?no}", "a"),
        ("${EMPTY?no}", ""),
        ("${HARD:-x}", "p$s}w{o:-rd"),
    ],
)
def test_forms(text: str, result: str) -> None:
    assert interpolate(text, SET) == result


@pytest.mark.parametrize("text", ["${NONE:?say $A}", "${NONE?say ${A}}", "${EMPTY:?say a}"])
def test_what_must_be_set(text: str) -> None:
    with pytest.raises(MissingVariable, match=r"^say a$"):
        interpolate(text, SET)


@pytest.mark.parametrize("text", ["$", "${", "${A", "${}", "${A!}", "$1"])
def test_what_is_no_variable(text: str) -> None:
    with pytest.raises(ValueError):
        interpolate(text, SET)


def test_variables_are_found_in_defaults_too() -> None:
    assert variables("x ${A:-${B:-c}} $D $$E ${F?}") == {"A", "B", "D", "F"}
