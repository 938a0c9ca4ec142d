"""Settings as a user gets them wrong: all faults at once, none of their values, and the option before the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Terminal, assert_one_line_each, signals_of

SECRET = "open-sesame"


def test_all_faulty_settings_are_named_together(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("RISK_FREE_RATE=4\n")
    outcome = Terminal(tmp_path).run("signals", DB_PORT=f"{SECRET}!", DEFAULT_MIN_VOLUME="-17")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert len(outcome.stderr.splitlines()) == 1
    for name in ("DB_PORT", "RISK_FREE_RATE", "DEFAULT_MIN_VOLUME"):
        assert f"{name}: " in outcome.stderr
    assert SECRET not in outcome.stderr
    assert "-17" not in outcome.stderr
    assert_one_line_each(outcome)


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    outcome = Terminal(tmp_path).run("signals", DATABASE_URL=f"mysql://someone:{SECRET}@host/store")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "use sqlite:///" in outcome.stderr
    assert SECRET not in outcome.stderr
    assert_one_line_each(outcome)


@pytest.mark.parametrize("url", ["postgresql://u:s3cret@h:abc/x", "postgresql://u:s3cret@127.0.0.1:9/x?foo=s3cret"])
def test_a_url_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, url: str) -> None:
    outcome = Terminal(tmp_path, {"DATABASE_URL": url}).run("db", "status")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("error: the database URL")
    assert "s3cret" not in outcome.stderr
    assert_one_line_each(outcome)


def test_the_option_wins_over_the_variable(tmp_path: Path) -> None:
    write_chains([priced_chain({30: 0.45, 60: 0.35}, "AAA")], tmp_path / "a.csv")
    terminal = Terminal(tmp_path)
    outcome = terminal.run(
        "--database-url", "sqlite:///mine.db", "scan", "--chains", "a.csv", DATABASE_URL="mysql://nowhere/x"
    )
    assert outcome.code == 0
    assert "1 snapshot" in outcome.stderr
    assert (tmp_path / "mine.db").is_file()
    assert terminal.left_behind() == []
    assert len(terminal.run("signals", "--json", DATABASE_URL="sqlite:///mine.db").objects) == 1


def test_the_users_own_defaults_are_used(tmp_path: Path) -> None:
    write_chains([priced_chain({30: 0.45, 60: 0.35}, "AAA")], tmp_path / "a.csv")
    terminal = Terminal(tmp_path, {"DEFAULT_FF_THRESHOLD": "2", "RISK_FREE_RATE": "0"})
    (line,) = terminal.run("scan", "--chains", "a.csv", "--no-store", "--json").objects
    assert signals_of(line) == []
    assert line["candidates"][0]["reasons"] == ["ff_below_threshold"]
    assert line["expiries"][0]["forward"] > 100.1


def test_a_home_that_cannot_hold_a_store_is_said_in_one_line(tmp_path: Path) -> None:
    outcome = Terminal(tmp_path).run("signals", HOME="/dev/null")
    assert (outcome.code, outcome.stdout) == (1, "")
    assert len(outcome.stderr.splitlines()) == 1
    assert "/dev/null" in outcome.stderr
    assert_one_line_each(outcome)


def test_the_version_and_the_help_need_no_settings(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {"DB_PORT": "abc"})
    version, help_text = terminal.run("--version"), terminal.run("--help")
    assert (version.code, help_text.code) == (0, 0)
    assert version.stdout.startswith("forward-factor ")
    for command in ("demo", "scan", "signals", "why", "replay", "db", "events"):
        assert command in help_text.stdout
