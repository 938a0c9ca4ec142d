"""Arguments that mean harm: refused in one line, with nothing in it that a terminal or its markup acts on."""

from __future__ import annotations

from pathlib import Path

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Outcome, Terminal, assert_clean, assert_one_line_each

HOSTILE: dict[str, str | bytes] = {
    "path": "../../etc/passwd",
    "escape sequence": "\x1b[31mred\x07",
    "endless": "A" * 5000,
    "SQL": "'; DROP TABLE signals; --",
    "markup": "[bold]x[/bold]",
    "no text": b"\xff\xfe",
}


def assert_refused(outcome: Outcome, *codes: int) -> None:
    assert outcome.code in codes
    assert outcome.stdout == ""
    assert len(outcome.stderr.splitlines()) == 1
    assert len(outcome.stderr) < 700
    assert_clean(outcome.stderr)


@pytest.mark.parametrize("name", ["path", "escape sequence", "markup", "no text"])
def test_it_is_no_id(tmp_path: Path, name: str) -> None:
    assert_refused(Terminal(tmp_path).run("replay", HOSTILE[name]), 1)


@pytest.mark.parametrize("name", ["escape sequence", "endless", "SQL"])
def test_it_is_no_ticker(tmp_path: Path, name: str) -> None:
    assert_refused(Terminal(tmp_path).run("why", HOSTILE[name]), 2)


def test_markup_is_shown_as_it_was_written(tmp_path: Path) -> None:
    text = "[bold]x[/] [red] :warning:"
    outcome = Terminal(tmp_path).run("signals", "--ticker", text)
    assert outcome.stderr.startswith(f"error: {text!r} is not a ticker")


@pytest.mark.parametrize(
    "command",
    [
        ("signals", "--since"),
        ("why", "AAPL", "--at"),
        ("scan", "AAPL", "--provider"),
        ("events", "import"),
    ],
)
def test_it_is_refused_as_an_option(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert_refused(Terminal(tmp_path).run(*command, HOSTILE["escape sequence"]), 2)


def test_hostile_tickers_leave_the_others_be(tmp_path: Path) -> None:
    outcome = Terminal(tmp_path).run(
        "scan", "--provider", "simulated", *HOSTILE.values(), "AAPL", "--no-store", "--json"
    )
    assert outcome.code == 3
    assert outcome.by_ticker().keys() == {"AAPL"}
    assert len(outcome.complaints) == len(HOSTILE)
    assert all("is not a ticker" in complaint for complaint in outcome.complaints)
    assert_one_line_each(outcome)


def test_hostile_tickers_and_paths_leave_the_files_be(tmp_path: Path) -> None:
    write_chains([priced_chain({30: 0.45, 60: 0.35}, "GOOD")], tmp_path / "good.csv")
    outcome = Terminal(tmp_path).run("scan", "GOOD", "--chains", "good.csv", *HOSTILE.values(), "--no-store", "--json")
    assert outcome.code == 3
    assert outcome.by_ticker().keys() == {"GOOD"}
    assert len(outcome.complaints) == len(HOSTILE)
    paths = [argument for text in HOSTILE.values() for argument in ("--chains", text)]
    only_paths = Terminal(tmp_path).run("scan", *paths, "--no-store")
    assert (only_paths.code, only_paths.stdout, len(only_paths.complaints)) == (1, "", len(HOSTILE))
    for one in (outcome, only_paths):
        assert_one_line_each(one)
