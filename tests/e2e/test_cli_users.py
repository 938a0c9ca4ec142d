"""``user`` and ``watch`` as an administrator meets them; no password or hash shows anywhere."""

from __future__ import annotations

import os
import pty
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from forward_factor.cli.users import MOST_BYTES
from tests.e2e.command import COMMAND, Outcome, Terminal, assert_clean, assert_one_line_each

PASSWORD = "correct horse battery"
ANN = "ann@example.com"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, {"DATABASE_URL": "sqlite:///store.db", "LOG_LEVEL": "DEBUG"})


def _hash_of(terminal: Terminal, email: str) -> str:
    with closing(sqlite3.connect(terminal.directory / "store.db")) as file:
        (stored,) = file.execute("SELECT password_hash FROM users WHERE email = ?", (email,)).fetchone()
    assert isinstance(stored, str)
    return stored


def _assert_tells_no_secret(*outcomes: Outcome) -> None:
    for outcome in outcomes:
        for text in (outcome.stdout, outcome.stderr):
            assert_clean(text)
            assert "horse" not in text
            assert "argon2" not in text


def test_an_account_from_its_making_to_its_end(terminal: Terminal) -> None:
    made = terminal.tell(PASSWORD.encode() + b"\n", "user", "create", ANN, "--admin", "--password-stdin")
    again = terminal.tell(PASSWORD.encode(), "user", "create", "ANN@example.com", "--password-stdin")
    bob = terminal.tell(PASSWORD.encode() + b"\r\n", "user", "create", "  bob@example.com ", "--password-stdin")
    assert (made.code, made.stdout) == (0, f"administrator {ANN} created\n")
    assert (again.code, again.stderr) == (1, "error: there is an account 'ANN@example.com' already\n")
    assert (bob.code, bob.stdout) == (0, "user bob@example.com created\n")
    first = _hash_of(terminal, ANN)
    assert first.startswith("$argon2id$")
    changed = terminal.tell(b"another horse\n", "user", "set-password", "Ann@Example.com", "--password-stdin")
    assert (changed.code, changed.stdout) == (0, f"password of {ANN} set\n")
    assert _hash_of(terminal, ANN) != first
    disabled = terminal.run("user", "disable", "bob@example.com")
    assert (disabled.code, disabled.stdout) == (0, "user bob@example.com disabled\n")
    listed = terminal.run("user", "list", "--json")
    enabled = terminal.run("user", "enable", "BOB@example.com")
    assert (enabled.code, enabled.stdout) == (0, "user bob@example.com enabled\n")
    assert [one["is_active"] for one in terminal.run("user", "list", "--json").objects] == [True, True]
    terminal.run("user", "disable", "bob@example.com")
    assert [(one["email"], one["role"], one["is_active"]) for one in listed.objects] == [
        (ANN, "admin", True),
        ("bob@example.com", "user", False),
    ]
    shown = terminal.run("user", "list")
    assert [line.split()[:3] for line in shown.stdout.splitlines()[1:]] == [
        [ANN, "admin", "active"],
        ["bob@example.com", "user", "disabled"],
    ]
    _assert_tells_no_secret(made, again, bob, changed, disabled, listed, shown)


def test_an_account_is_exported_and_deleted(terminal: Terminal) -> None:
    terminal.tell(PASSWORD.encode(), "user", "create", ANN, "--password-stdin")
    terminal.run("watch", "add", "AAPL", "--user", ANN)
    exported = terminal.run("user", "export", ANN)
    (document,) = exported.objects
    assert [one["email"] for one in document["tables"]["users"]] == [ANN]
    assert [one["ticker"] for one in document["tables"]["subscriptions"]] == ["AAPL"]
    asked = terminal.run("user", "delete", ANN)
    assert (asked.code, asked.stderr) == (2, "error: there is no terminal to ask on: say --yes\n")
    code, seen = _typed(terminal, ["user", "delete", ANN], ["n"])
    assert code == 1, seen
    assert len(terminal.run("user", "list", "--json").objects) == 1
    deleted = terminal.run("user", "delete", "Ann@example.com", "--yes")
    assert (deleted.code, deleted.stdout) == (0, f"user {ANN} deleted\n")
    assert terminal.run("user", "list", "--json").objects == []
    again = terminal.run("user", "delete", ANN, "--yes")
    assert again.code == 1
    _assert_tells_no_secret(exported, asked, deleted, again)


def test_a_watchlist_is_filled_and_emptied(terminal: Terminal) -> None:
    terminal.tell(PASSWORD.encode(), "user", "create", ANN, "--password-stdin")
    added = terminal.run("watch", "add", "aapl", "BRK.B", "AAPL", "--user", ANN)
    assert (added.code, added.stdout, added.stderr) == (0, "2 tickers added: AAPL BRK.B\n", "")
    again = terminal.run("watch", "add", "AAPL", "MSFT", "--user", ANN.upper())
    assert (again.code, again.stdout, again.stderr) == (0, "1 ticker added: MSFT\n", "on the list already: AAPL\n")
    listed = terminal.run("watch", "list", "--user", ANN, "--json")
    assert [one["ticker"] for one in listed.objects] == ["AAPL", "BRK.B", "MSFT"]
    assert all(one["added_at"].endswith("Z") for one in listed.objects)
    removed = terminal.run("watch", "remove", "aapl", "NONE", "--user", ANN)
    assert (removed.code, removed.stdout, removed.stderr) == (0, "1 ticker removed: AAPL\n", "not on the list: NONE\n")
    assert [line.split()[0] for line in terminal.run("watch", "list", "--user", ANN).stdout.splitlines()] == [
        "ticker",
        "BRK.B",
        "MSFT",
    ]


def test_empty_lists_say_what_to_do(terminal: Terminal) -> None:
    assert "user create EMAIL" in terminal.run("user", "list").stdout
    assert terminal.run("user", "list", "--json").stdout == ""
    terminal.tell(PASSWORD.encode(), "user", "create", ANN, "--password-stdin")
    assert "watch add TICKER" in terminal.run("watch", "list", "--user", ANN).stdout


@pytest.mark.parametrize(
    ("stdin", "arguments", "code", "says"),
    [
        (b"", ["user", "create", ANN, "--password-stdin"], 2, "10 to 1024 characters"),
        (b"horse\n", ["user", "create", ANN, "--password-stdin"], 2, "10 to 1024 characters"),
        (b"horse horse\nhorse\n", ["user", "create", ANN, "--password-stdin"], 2, "takes one line"),
        (b"horse" * MOST_BYTES, ["user", "create", ANN, "--password-stdin"], 2, "takes one line"),
        (b"horse horse\xff\n", ["user", "create", ANN, "--password-stdin"], 2, "UTF-8"),
        (b"horse\0horse\n", ["user", "create", ANN, "--password-stdin"], 2, "without NUL"),
        (PASSWORD.encode(), ["user", "create", ANN], 2, "use --password-stdin"),
        (PASSWORD.encode(), ["user", "create", "\x1b[31mann", "--password-stdin"], 2, "is not an e-mail address"),
        (PASSWORD.encode(), ["user", "create", b"\xff@x.de", "--password-stdin"], 2, "is not an e-mail address"),
        (PASSWORD.encode(), ["user", "set-password", ANN, "--password-stdin"], 1, "there is no account"),
        (b"", ["user", "disable", ANN], 1, "there is no account"),
        (b"", ["user", "disable", b"\xff"], 1, "there is no account"),
        (b"", ["watch", "add", "AAPL", "--user", ANN], 1, "there is no account"),
        (b"", ["watch", "list", "--user", "' OR 1=1 --"], 1, "there is no account"),
        (b"", ["watch", "add", "AAPL", "../etc", "--user", ANN], 2, "is not a ticker"),
    ],
)
def test_every_failure_is_one_line(
    terminal: Terminal, stdin: bytes, arguments: list[str | bytes], code: int, says: str
) -> None:
    outcome = terminal.tell(stdin, *arguments)
    assert (outcome.code, outcome.stdout) == (code, "")
    assert len(outcome.complaints) == 1
    assert says in outcome.complaints[0]
    assert_one_line_each(outcome)
    _assert_tells_no_secret(outcome)


def test_a_password_is_no_argument(terminal: Terminal) -> None:
    assert terminal.run("user", "create", ANN, PASSWORD).code == 2
    assert terminal.run("user", "create", ANN, "--password", PASSWORD).code == 2
    assert terminal.run("watch", "add", "AAPL").code == 2


def test_old_addresses_with_hostile_text_are_shown_as_text(terminal: Terminal) -> None:
    terminal.run("user", "list")
    with closing(sqlite3.connect(terminal.directory / "store.db")) as file:
        file.execute("INSERT INTO users (id, email) VALUES ('one', '[red]\x1b[31m\n@x.de[/red]')")
        file.execute("INSERT INTO users (id, email) VALUES ('two', 'two@x.de')")
        file.execute("INSERT INTO subscriptions VALUES ('two', '[red]\x1b[31m', 1, NULL)")
        file.commit()
    for shown in (terminal.run("user", "list"), terminal.run("watch", "list", "--user", "two@x.de")):
        assert shown.code == 0
        assert_clean(shown.stdout)
        assert "[red]" in shown.stdout


def test_a_terminal_is_asked_twice_without_an_echo(terminal: Terminal) -> None:
    code, seen = _typed(terminal, ["user", "create", ANN], [PASSWORD, PASSWORD])
    assert code == 0, seen
    assert "horse" not in seen
    assert f"user {ANN} created" in seen
    assert _hash_of(terminal, ANN).startswith("$argon2id$")
    code, seen = _typed(terminal, ["user", "set-password", ANN], ["too short"] * 2)
    assert code == 2
    assert "10 to 1024 characters" in seen


def _typed(terminal: Terminal, arguments: list[str], lines: list[str]) -> tuple[int, str]:
    """Run a command at a terminal of its own, and answer each question that ends in a colon by a line."""
    end, its_end = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=terminal.directory,
        env=terminal.variables({}),
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
        start_new_session=True,
    )
    os.close(its_end)
    seen, answered = b"", 0
    while part := _read(end):
        seen += part
        if answered < len(lines) and seen.count(b": ") > answered:
            os.write(end, lines[answered].encode() + b"\n")
            answered += 1
    os.close(end)
    return process.wait(), seen.decode()


def _read(end: int) -> bytes:
    try:
        return os.read(end, 1024)
    except OSError:  # Linux says so where the other end is closed
        return b""
