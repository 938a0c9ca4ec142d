"""``universe`` as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command import Terminal, assert_one_line_each


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(
        tmp_path,
        {"DATABASE_URL": "sqlite:///store.db", "SCAN_PROVIDER": "simulated", "DISCOVERY_SIZE": "10"},
    )


def test_the_universe_is_made_and_shown(terminal: Terminal) -> None:
    empty = terminal.run("universe")
    assert (empty.code, empty.stdout) == (0, "No universe yet. `forward-factor universe --refresh` makes one.\n")
    made = terminal.run("universe", "--refresh")
    assert made.code == 0
    assert "10 members, as of 20" in made.stdout
    assert "SPY" in made.stdout
    assert "from 5 days of bars: 10 members, 10 joined, 0 left" in made.stderr
    listed = terminal.run("universe", "--json").objects
    assert [one["rank"] for one in listed] == list(range(1, len(listed) + 1))
    assert sum(one["is_member"] for one in listed) == 10
    assert set(listed[0]) == {"ticker", "rank", "dollar_volume", "is_optionable", "checked_on", "is_member"}
    volumes = [one["dollar_volume"] for one in listed]
    assert volumes == sorted(volumes, reverse=True)


@pytest.mark.parametrize(
    ("setting", "code", "message"),
    [
        ({"SCAN_PROVIDER": "cboe"}, 1, "provider cboe has no daily bars of the whole market"),
        ({"SCAN_PROVIDER": "polygon"}, 2, "set POLYGON_API_KEY"),
        ({"DISCOVERY_SIZE": "0"}, 2, "DISCOVERY_SIZE is 0"),
    ],
)
def test_what_stands_in_the_way_is_said(terminal: Terminal, setting: dict[str, str], code: int, message: str) -> None:
    refused = terminal.run("universe", "--refresh", **setting)
    assert (refused.code, refused.stdout) == (code, "")
    assert message in refused.stderr
    assert_one_line_each(refused)
