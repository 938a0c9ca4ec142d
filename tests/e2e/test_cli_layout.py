"""What a person sees: tables within the terminal, plain text where colours or characters are not wanted, pipes."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import AS_OF, priced_chain
from tests.e2e.command import COMMAND, Terminal, assert_clean

VOLS = {30: 0.45, 60: 0.35, 90: 0.33}
POINTS = ("--vol-point", "ATM", "--vol-point", "35d_call")


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal after a scan of wide tables: several instants, a long ticker, long vol points and reasons."""
    terminal = Terminal(tmp_path_factory.mktemp("layout"))
    later = AS_OF + timedelta(minutes=30)
    refused = priced_chain({30: 0.45, 60: 0.30}, "REFUSED", half_spread=0.1)
    write_chains([priced_chain(VOLS, "LONGTICKER.B"), refused], terminal.directory / "few.csv")
    chains = [priced_chain(VOLS, f"T{number}", as_of=AS_OF + timedelta(minutes=number)) for number in range(5)]
    write_chains([*chains, priced_chain(VOLS, "LONGTICKER.B", as_of=later)], terminal.directory / "many.csv")
    assert terminal.run("scan", "--chains", "few.csv", "many.csv", *POINTS).code == 0
    return terminal


@pytest.fixture(scope="module")
def signal(scanned: Terminal) -> dict[str, Any]:
    """The signal at the top of the list."""
    (first,) = scanned.run("signals", "--json", "--limit", "1").objects
    return first


def shown(terminal: Terminal, width: int, *arguments: str) -> str:
    """Return what a command shows in a terminal of ``width``, in one line, after a look at its lines."""
    outcome = terminal.run(*arguments, COLUMNS=str(width))
    assert outcome.code == 0
    assert max(map(len, outcome.stdout.splitlines())) <= width, outcome.stdout
    assert_clean(outcome.stdout)
    return " ".join(outcome.stdout.split())


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_tables_of_findings_fit_the_terminal(scanned: Terminal, signal: dict[str, Any], width: int) -> None:
    listed = shown(scanned, width, "signals")
    assert "LONGTICKER.B" in listed
    assert signal["id"][:8] in listed
    scan = shown(scanned, width, "scan", "--chains", "few.csv", "--no-store")
    for reason in ("wide_spread", "negative_forward_variance", "no_back_expiry"):
        assert reason in scan


def test_the_other_tables_fit_a_narrow_terminal(scanned: Terminal, signal: dict[str, Any]) -> None:
    many = shown(scanned, 80, "scan", "--chains", "few.csv", "many.csv", "--no-store", *POINTS)
    assert "Refusals among 48 candidates" in many
    why = shown(scanned, 80, "why", "REFUSED")
    assert "days to expiry" in why
    assert why.count("negative_forward_variance") == 2
    assert signal["ticker"] in shown(scanned, 80, "replay", signal["id"])
    assert "option_quotes" in shown(scanned, 80, "db", "status")


def test_without_a_terminal_nothing_is_left_out(scanned: Terminal) -> None:
    outcome = scanned.run("signals")
    assert "too narrow" not in outcome.stdout
    assert "quality" in outcome.stdout
    assert_clean(outcome.stdout)


def test_a_terminal_that_cannot_draw_a_dash_gets_its_numbers(scanned: Terminal) -> None:
    outcome = scanned.run("why", "T1", PYTHONIOENCODING="ascii")
    assert outcome.code == 0
    assert "45.00 %" in outcome.stdout
    assert_clean(outcome.stderr)


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_gets_colours_unless_it_wants_none(scanned: Terminal, no_color: str) -> None:
    screen, terminal = pty.openpty()
    with os.fdopen(screen, "rb"), os.fdopen(terminal, "wb") as attached:
        variables = {"TERM": "xterm-256color", "COLUMNS": "100", "NO_COLOR": no_color}
        command = [*COMMAND, "signals", "--limit", "1"]
        subprocess.run(
            command, env=scanned.variables(variables), stdout=attached, stdin=attached, timeout=240, check=True
        )
        shown = os.read(screen, 100_000).decode()
    assert ("\x1b[1;32m" in shown) == (not no_color)
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", shown) is None or not no_color


@pytest.mark.parametrize(
    ("command", "reader", "lines"),
    [("signals --json", "head -n 1", 1), ("scan --chains many.csv --no-store --json", "true", 0)],
)
def test_a_reader_that_leaves_early_is_no_fault(scanned: Terminal, command: str, reader: str, lines: int) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{COMMAND[0]}' -m forward_factor {command} | {reader}"],
        cwd=scanned.directory,
        env=scanned.variables({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.count("\n") == lines
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_full_disk_is_one_line(scanned: Terminal) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("w") as opened:
        done = subprocess.run(
            [*COMMAND, "signals", "--json"],
            cwd=scanned.directory,
            env=scanned.variables({}),
            stdout=opened,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "error: output: No space left on device\n")
