"""``db retention`` as a user meets it: a look at what would go, and arming where the store can."""

from __future__ import annotations

from pathlib import Path

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Terminal, assert_one_line_each
from tests.servers.store import StoreServer

TABLES = [
    "signals",
    "option_chain_snapshots",
    "option_quotes",
    "term_structure",
    "candidates",
    "ohlcv_bars",
]


@pytest.fixture
def scanned(store_server: StoreServer, tmp_path: Path) -> Terminal:
    """A scan of long ago, on each of the four stores."""
    terminal = Terminal(tmp_path, {"DATABASE_URL": store_server.new_url()})
    write_chains([priced_chain({30: 0.45, 60: 0.35, 90: 0.33}, "DEAR")], tmp_path / "chains.parquet")
    assert terminal.run("db", "upgrade").code == 0
    assert terminal.run("scan", "--chains", "chains.parquet").code == 0
    return terminal


def test_a_look_and_arming(scanned: Terminal, store_server: StoreServer) -> None:
    looked = scanned.run("db", "retention", "--keep", "1 day", "--json")
    assert (looked.code, looked.stderr) == (0, "")
    (found,) = looked.objects
    assert (found["task"], found["keep_days"]) == ("show", 1)
    assert [one["table"] for one in found["tables"]] == TABLES
    assert all(one["armed"] is None for one in found["tables"])
    assert found["tables"][0]["rows"] == 3
    assert found["tables"][0]["first"] == "2026-06-01T18:00:00Z"

    armed = scanned.run("db", "retention", "--arm", "--keep", "40d", "--table", "signals", "--table", "option_quotes")
    if "timescale" not in store_server.name:
        assert (armed.code, armed.stdout) == (1, "")
        assert "retention needs TimescaleDB's community edition" in armed.stderr
        assert_one_line_each(armed)
        return
    assert armed.code == 0
    assert armed.stderr == "armed on signals, option_chain_snapshots, option_quotes: keeps 40 days\n"
    again = scanned.run("db", "retention")
    assert "armed: signals (40 days), option_chain_snapshots (40 days), option_quotes (40 days)" in again.stderr
    assert "retention: option_chain_snapshots, option_quotes, signals" in scanned.run("db", "status").stdout
    off = scanned.run("db", "retention", "--disarm")
    assert off.code == 0
    assert "retention: off" in scanned.run("db", "status").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--arm",), "--keep DAYS and --table NAME"),
        (("--arm", "--keep", "90d"), "--keep DAYS and --table NAME"),
        (("--arm", "--disarm"), "not both"),
        (("--keep", "0"), "no span in days"),
        (("--keep", "-3"), "no span in days"),
        (("--keep", "1 fortnight"), "no span in days"),
        (("--table", "users"), "'users' is no time series"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    outcome = Terminal(tmp_path).run("db", "retention", *arguments)
    assert (outcome.code, outcome.stdout) == (2, "")
    assert words in outcome.stderr
    assert_one_line_each(outcome)
