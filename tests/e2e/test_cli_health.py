"""``health`` as a health check calls it: an exit code, and one line that says why."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.command import Terminal, assert_clean, assert_one_line_each

HERE = f"{socket.gethostname()}:4711"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    one = Terminal(tmp_path, {"DATABASE_URL": "sqlite:///store.db"})
    assert one.run("db", "upgrade").code == 0
    return one


def _beat(terminal: Terminal, service: str, age_s: float, instance: str = HERE) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    row = (service, instance, str(now - timedelta(hours=2)), str(now - timedelta(seconds=age_s)))
    with closing(sqlite3.connect(terminal.directory / "store.db")) as file:
        file.execute("INSERT OR REPLACE INTO service_heartbeats VALUES (?, ?, ?, ?, NULL)", row)
        file.commit()


def test_exit_code_follows_the_heartbeat(terminal: Terminal) -> None:
    never = terminal.run("health", "worker")
    assert (never.code, never.stdout) == (1, "")
    assert "none was ever seen here" in never.stderr
    _beat(terminal, "worker", 4)
    fresh = terminal.run("health", "worker")
    assert (fresh.code, fresh.stderr) == (0, "")
    assert "worker is at work here" in fresh.stdout
    assert terminal.run("health", "scheduler").code == 1
    _beat(terminal, "worker", 300)
    old = terminal.run("health", "worker")
    assert old.code == 1
    assert f"{HERE} was seen 5 minutes ago" in old.stderr
    for outcome in (never, old):
        assert_one_line_each(outcome)


def test_rehearsals_shift_the_check_too(terminal: Terminal) -> None:
    _beat(terminal, "worker", 86_400)
    assert terminal.run("health", "worker", CLOCK_OFFSET_SECONDS="-86400").code == 0


def test_everyone_at_a_glance(terminal: Terminal) -> None:
    assert terminal.run("health").stdout == "No service has been seen within a day.\n"
    _beat(terminal, "worker", 4)
    _beat(terminal, "bot", 3_700, "elsewhere:1")
    _beat(terminal, "api", 100_000)
    shown = terminal.run("health")
    assert shown.code == 0
    assert_clean(shown.stdout)
    assert "elsewhere:1" in shown.stdout
    assert "61 minutes ago" in shown.stdout
    lines = terminal.run("health", "--json").objects
    assert [(one["service"], one["is_at_work"]) for one in lines] == [("bot", False), ("worker", True)]


def test_a_store_out_of_reach_is_one_line(terminal: Terminal) -> None:
    outcome = terminal.run("health", "worker", DATABASE_URL="postgresql://u:s3cret@127.0.0.1:9/x")
    assert outcome.code == 1
    assert_one_line_each(outcome)
    assert "s3cret" not in outcome.stderr
    missing = terminal.run("health", "worker", DATABASE_URL="sqlite:///missing.db")
    assert missing.code == 1
    assert not (terminal.directory / "missing.db").exists()
