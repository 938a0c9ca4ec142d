"""``db plan``, ``copy`` and ``verify`` as a user meets them: codes, one line each, JSON, narrow terminals."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.command import COMMAND, Terminal, assert_clean, assert_one_line_each
from tests.old_bot.oddities import QUARANTINED, spoil
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.postgres import PostgresServer

OLD, OURS, BACK = "sqlite:///ffbot.db", "sqlite:///ours.db", "sqlite:///back.db"
FIELDS = {"source", "copied", "quarantined", "target", "match"}


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    directory = tmp_path_factory.mktemp("moving")
    for name in ("plain.db", "ffbot.db"):
        write_old_file(directory / name, Amounts(users=20, signals=200, snapshots=30, decisions=40))
    spoil(directory / "ffbot.db")
    return Terminal(directory)


def test_a_move_and_its_report(terminal: Terminal) -> None:
    plan = terminal.run("db", "plan", OLD, "--json")
    assert (plan.code, plan.stderr) == (0, "")
    (census,) = plan.objects
    assert {name: sum(one["quarantine"].values()) for name, one in census["tables"].items()} == QUARANTINED
    copy = terminal.run("db", "copy", OLD, OURS, "--json")
    assert (copy.code, copy.stderr) == (3, "")
    (report,) = copy.objects
    assert report["status"] == "quarantined"
    assert all(set(one) >= FIELDS for one in report["tables"].values())
    assert {name: one["quarantined"] for name, one in report["tables"].items()} == QUARANTINED
    assert report["rows_per_s"] > 0 < report["elapsed_s"]
    assert terminal.run("db", "verify", OLD, OURS).code == 3
    back = terminal.run("db", "copy", OURS, BACK, "--target-schema", "legacy", "--json")
    assert back.code == 0
    assert terminal.run("db", "verify", OURS, BACK, "--json").objects[0]["status"] == "verified"
    assert terminal.left_behind() == []


@pytest.mark.parametrize(
    "command", [("plan", OLD), ("copy", OLD, "sqlite:///narrow.db"), ("verify", OLD, "sqlite:///narrow.db")]
)
def test_tables_fit_a_terminal(terminal: Terminal, command: tuple[str, ...]) -> None:
    outcome = terminal.run("db", *command, COLUMNS="80")
    assert outcome.code in {0, 3}, outcome.stderr
    assert_clean(outcome.stdout)
    assert max(map(len, outcome.stdout.splitlines())) <= 80


def test_left_behind_is_said(terminal: Terminal) -> None:
    terminal.run("db", "copy", "sqlite:///plain.db", "sqlite:///plain-ours.db")
    command = ("db", "copy", "sqlite:///plain-ours.db", "sqlite:///plain-back.db", "--target-schema", "legacy")
    outcome = terminal.run(*command)
    assert outcome.code == 0
    assert "no place for" in outcome.stderr
    assert "signal_keys (200)" in outcome.stderr


def test_what_a_target_lacks_is_said(terminal: Terminal, postgres_server: PostgresServer) -> None:
    outcome = terminal.run("db", "copy", "sqlite:///plain.db", postgres_server.new_url(), "--json")
    assert outcome.code == 0
    assert outcome.objects[0]["status"] == "verified"
    assert outcome.stderr.splitlines() == [
        "the target is PostgreSQL without TimescaleDB: plain tables and views, no compression"
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("copy", "sqlite:///missing.db", OURS), 1),
        (("copy", "sqlite:///missing.db", "postgresql://me:open-sesame@127.0.0.1:1/x"), 1),
        (("copy", "sqlite:///plain.db", "postgresql://me:open-sesame@127.0.0.1:1/x"), 1),
        (("copy", "postgresql://me:open-sesame@127.0.0.1:1/x", "sqlite:///new.db"), 1),
        (("verify", "sqlite:///plain.db", "sqlite:///missing.db"), 1),
        (("plan", "sqlite:///missing.db"), 1),
        (("copy", OLD, OLD), 2),
        (("copy", OLD, "sqlite://"), 2),
        (("copy", OLD, "mysql://me:open-sesame@x/y"), 2),
        (("copy", OLD, "postgresql://me:open-sesame@x:99999/y"), 2),
        (("copy", OLD, "postgresql://x/y", "--target-schema", "legacy"), 2),
        (("copy", OLD), 2),
        (("copy", OLD, OURS, "--target-schema", "older"), 2),
    ],
)
def test_refusals_are_one_line(terminal: Terminal, arguments: tuple[str, ...], code: int) -> None:
    outcome = terminal.run("db", *arguments)
    assert (outcome.code, outcome.stdout) == (code, ""), outcome.stderr
    assert "open-sesame" not in outcome.stderr
    assert_clean(outcome.stderr)
    if outcome.stderr.startswith("error:"):
        assert_one_line_each(outcome)
        assert len(outcome.complaints) == 1
    assert not (Path(terminal.directory) / "new.db").exists()


def test_two_copies_at_once_into_a_file(terminal: Terminal) -> None:
    """The second that finds the first at its beginning is refused; nothing is there twice, nor in quarantine."""
    pair = ("sqlite:///plain.db", "sqlite:///twice.db")
    command = [*COMMAND, "db", "copy", *pair]
    both = [
        subprocess.Popen(
            command,
            cwd=terminal.directory,
            env=terminal.variables({}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [one.communicate(timeout=100)[1] for one in both]
    assert sorted(one.returncode for one in both) in ([0, 0], [0, 1]), said
    assert "Traceback" not in "".join(said)
    assert terminal.run("db", "verify", *pair).code == 0
