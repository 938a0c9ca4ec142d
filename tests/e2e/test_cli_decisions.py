"""``ticket``, ``decisions`` and ``events`` as a person at a terminal meets them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Argument, Outcome, Terminal, assert_clean, assert_one_line_each

ANN, BOB = "ann@example.com", "bob@example.com"
EVENTS = """\
ticker,date,kind,timing,amount,ratio
DEAR,2026-06-15,dividend,,0.24,
DEAR,2026-07-22,,amc,,
DEAR,2026-06-20,split,,,4:1
DEAR,2026-06-20,merger,,,
"""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A store with a signal of 1 June 2026, and two users; the clock stands near that day."""
    directory = tmp_path_factory.mktemp("decisions")
    one = Terminal(directory, {"DATABASE_URL": "sqlite:///store.db"})
    write_chains([priced_chain({30: 0.45, 60: 0.35}, "DEAR")], directory / "chains.csv")
    (directory / "events.csv").write_text(EVENTS)
    assert one.run("scan", "--chains", "chains.csv").code == 0
    for email in (ANN, BOB):
        assert one.tell(b"correct horse battery\n", "user", "create", email, "--password-stdin").code == 0
    return one


def run(terminal: Terminal, *arguments: Argument) -> Outcome:
    """Run a command on 1 June 2026."""
    offset = (datetime(2026, 6, 1, 18, 5, tzinfo=UTC) - datetime.now(UTC)).total_seconds()
    return terminal.run(*arguments, CLOCK_OFFSET_SECONDS=f"{offset:.0f}")


def test_a_trade_from_ticket_to_profit(terminal: Terminal) -> None:
    signal = run(terminal, "signals", "--json").objects[0]["id"]
    ticket = run(terminal, "ticket", signal[:8])
    assert ticket.code == 0
    assert [line.split()[:4] for line in ticket.stdout.splitlines()[2:4]] == [
        ["sell", "2026-07-01", "100", "call"],
        ["buy", "2026-07-31", "100", "call"],
    ]
    double = run(terminal, "ticket", signal, "--structure", "double", "--user", ANN, "--json")
    (written,) = double.objects
    assert (written["structure"], len(written["trade"]["calendars"]), written["refusal"]) == ("double", 2, None)
    assert written["trade"]["contracts"] is None

    placed = run(
        terminal, "decisions", "place", signal[:8], "--user", ANN, "--price", "1.5", "--contracts", "2",
        "--structure", "call", "--notes", "größer [bold]als[/bold] gedacht",
    )  # fmt: skip
    assert (placed.code, placed.stdout.rsplit(" (")[0], placed.stderr) == (0, "placed DEAR call at 1.50 x 2", "")
    again = run(terminal, "decisions", "ignore", signal, "--user", ANN)
    assert (again.code, again.stdout) == (0, placed.stdout)
    assert "decided on before" in again.stderr
    name = placed.stdout.split("(")[1].split(")")[0]

    imported = run(terminal, "events", "import", "events.csv")
    assert (imported.code, imported.stdout) == (3, "1 announcement, 2 corporate actions stored, 1 row left out\n")
    assert_one_line_each(imported)
    listed = run(terminal, "events", "list", "dear").stdout.splitlines()[1:]
    assert [" ".join(line.split()) for line in listed] == [
        "2026-06-15 dividend 0.24 a share file",
        "2026-06-20 split 4 for 1 file",
        "2026-07-22 earnings amc file",
    ]
    reminders = run(terminal, "decisions", "reminders", "--user", ANN, "--json").objects
    assert [(one["facts"]["reminder"], one["due_at"]) for one in reminders[:3]] == [
        ("expiry_morning", "2026-07-01T13:30:00Z"),
        ("day_before_expiry", "2026-06-30T13:30:00Z"),
        ("ex_dividend", "2026-06-12T13:30:00Z"),
    ]
    assert reminders[3]["facts"]["reminder"] == "earnings_moved"
    assert "0.24 a share" in run(terminal, "decisions", "reminders", "--user", ANN).stdout

    changes = ("--price", "1.25", "--contracts", "4")
    amended = run(terminal, "decisions", "amend", name, "--user", ANN, *changes, "--json")
    assert (amended.objects[0]["entry_price"], amended.objects[0]["contracts"]) == (1.25, 4)
    closed = run(terminal, "decisions", "close", name, "--user", ANN, "--price", "2")
    assert closed.stdout.startswith("placed DEAR call at 1.25 x 4 closed at 2.00, P&L 300.00 (")
    assert run(terminal, "decisions", "reminders", "--user", ANN, "--open", "--json").stdout == ""
    assert run(terminal, "decisions", "reopen", name, "--user", ANN, "--json").objects[0]["is_open"] is True
    (row,) = run(terminal, "decisions", "list", "--user", ANN, "--open", "--json").objects
    assert (row["ticker"], row["signal"]["pair"], row["decided_at"][:10]) == ("DEAR", "30/60", "2026-06-01")
    assert row["notes"] == "größer [bold]als[/bold] gedacht"

    refused = run(terminal, "decisions", "close", row["id"], "--price", "1", "--user", BOB)
    assert (refused.code, refused.stdout) == (1, "")
    assert "there is no decision" in refused.stderr
    assert "decisions place" in run(terminal, "decisions", "list", "--user", BOB).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["decisions", "place", "nothing", "--user", BOB], 1, "there is no signal"),
        (["decisions", "place", "x", "--user", BOB, "--price", "nan"], 2, "dollars a share"),
        (["decisions", "close", b"\xff", "--user", BOB, "--price", "1"], 1, "there is no decision"),
        (["ticket", b"\xff"], 1, "no signal"),
        (["events", "list", "../etc"], 2, "is not a ticker"),
    ],
)
def test_every_failure_is_one_line(terminal: Terminal, arguments: list[Argument], code: int, says: str) -> None:
    outcome = run(terminal, *arguments)
    assert (outcome.code, outcome.stdout) == (code, "")
    assert len(outcome.complaints) == 1
    assert says in outcome.complaints[0]
    assert_one_line_each(outcome)


def test_decisions_of_the_old_bot_with_hostile_text_are_shown_as_text(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {"DATABASE_URL": "sqlite:///store.db"})
    terminal.tell(b"correct horse battery\n", "user", "create", ANN, "--password-stdin")
    with closing(sqlite3.connect(tmp_path / "store.db")) as file:
        file.execute(
            "INSERT INTO signal_user_decisions (id, user_id, decision, notes, signal_ticker) "
            "SELECT '[red]\x1b[31m', id, '[red]\x1b[31m', '[/]\n\x1b[0m', '[bold]' FROM users"
        )
        file.commit()
    shown = terminal.run("decisions", "list", "--user", ANN)
    assert shown.code == 0
    assert_clean(shown.stdout)
    assert "[red]" in shown.stdout
