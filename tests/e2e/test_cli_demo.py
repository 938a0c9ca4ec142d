"""``demo``: signals and a plot from nothing at all, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command import Terminal, assert_clean


@pytest.mark.parametrize("arguments", [("demo",), ("demo", "--no-serve")])
def test_it_shows_signals_and_leaves_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    terminal = Terminal(tmp_path)
    outcome = terminal.run(*arguments, COLUMNS="80", NO_COLOR="1")
    assert outcome.code == 0
    assert "Signals of the last look" in outcome.stdout
    assert "days to expiry" in outcome.stdout
    assert "forward vol behind it" in " ".join(outcome.stdout.split())
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    assert ("web page" in outcome.stderr) == ("--no-serve" not in arguments)
    assert terminal.left_behind() == []
    assert_clean(outcome.stdout)
    assert_clean(outcome.stderr)
