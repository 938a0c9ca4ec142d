"""A stored scan, and the commands that look at it: ``signals``, ``why``, ``replay``, ``db status``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import AS_OF, priced_chain
from tests.e2e.command import Outcome, Terminal, assert_one_line_each

VOLS = {30: 0.45, 60: 0.35, 90: 0.33}
UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal after one scan: a ticker with signals at two instants, and one without."""
    directory = tmp_path_factory.mktemp("scanned")
    later = AS_OF + timedelta(minutes=30)
    dear = [priced_chain(VOLS, "DEAR"), priced_chain({30: 0.47, 60: 0.35}, "DEAR", as_of=later)]
    write_chains([*dear, priced_chain({30: 0.3, 60: 0.3, 90: 0.3}, "FAIR")], directory / "chains.parquet")
    outcome = scan(Terminal(directory))
    assert outcome.code == 0
    assert "new in the store: 3 snapshots, 656 quotes, 4 signals" in outcome.stderr
    return Terminal(directory)


def scan(terminal: Terminal) -> Outcome:
    return terminal.run("scan", "--chains", "chains.parquet", "--json")


def test_a_second_scan_changes_nothing(scanned: Terminal) -> None:
    outcome = scan(scanned)
    assert outcome.code == 0
    assert "new in the store: 0 snapshots, 0 quotes, 0 signals" in outcome.stderr


def test_signals_come_newest_first_and_filtered(scanned: Terminal) -> None:
    listed = scanned.run("signals", "--json")
    assert listed.code == 0
    found = listed.objects
    assert [one["pair"] for one in found[:1]] == ["30/60"]
    assert [one["as_of"] for one in found] == ["2026-06-01T18:30:00Z"] + 3 * ["2026-06-01T18:00:00Z"]
    assert {one["ticker"] for one in found} == {"DEAR"}
    assert {one["pair"] for one in found} == {"30/60", "30/90", "60/90"}
    assert found[0]["front_iv"] == pytest.approx(0.47, abs=1e-9)
    since = scanned.run("signals", "--since", "2026-06-01T14:30-04:00", "--ticker", "dear", "--json")
    assert since.objects == found[:1]
    table = scanned.run("signals")
    assert table.code == 0
    assert all(one["id"][:8] in table.stdout for one in found)


def test_why_shows_every_gate(scanned: Terminal) -> None:
    explained = scanned.run("why", "DEAR", "--json")
    assert explained.code == 0
    (found,) = explained.objects
    assert (found["ticker"], found["as_of"], found["provider"]) == ("DEAR", "2026-06-01T18:30:00Z", "files")
    verdicts = {one["pair"]: one["reasons"] for one in found["candidates"]}
    assert verdicts == {"30/60": [], "30/90": ["no_back_expiry"], "60/90": ["no_back_expiry"]}
    assert [one["dte"] for one in found["term_structure"]] == [30, 60]
    (before,) = scanned.run("why", "DEAR", "--at", "2026-06-01T18:29:59Z", "--json").objects
    assert before["as_of"] == "2026-06-01T18:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("why", "NONE"), "NONE has no stored scan"),
        (("why", "DEAR", "--at", "2026-05-31"), "DEAR has no stored scan at or before 2026-05-31"),
        (("replay", UNKNOWN_ID), f"no signal '{UNKNOWN_ID}'"),
    ],
)
def test_what_is_not_stored_is_said_in_one_line(scanned: Terminal, arguments: tuple[str, ...], words: str) -> None:
    outcome = scanned.run(*arguments)
    assert (outcome.code, outcome.stdout) == (1, "")
    assert words in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert_one_line_each(outcome)


def test_every_signal_is_replayed_to_the_bit(scanned: Terminal) -> None:
    first, *others = scanned.run("signals", "--json").objects
    for signal in others:
        outcome = scanned.run("replay", signal["id"], "--json")
        assert (outcome.code, outcome.stderr) == (0, "")
        (replayed,) = outcome.objects
        assert (replayed["equal"], replayed["differences"]) == (True, [])
        assert replayed["replayed"] == replayed["stored"]
        assert replayed["stored"]["ff"] == signal["ff"]
    by_prefix = scanned.run("replay", first["id"][:8])
    assert (by_prefix.code, by_prefix.stderr) == (0, "")
    assert by_prefix.stdout.startswith("DEAR 2026-06-01 18:30:00 UTC 30/60 ATM")
    assert "differs" not in by_prefix.stdout


def test_a_beginning_that_several_ids_have_is_refused(scanned: Terminal) -> None:
    outcome = scanned.run("replay", "")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "several signals begin with" in outcome.stderr


def test_db_status_counts_what_is_stored(scanned: Terminal) -> None:
    outcome = scanned.run("db", "status", "--json")
    assert outcome.code == 0
    (status,) = outcome.objects
    assert status["store"] == "sqlite"
    assert status["level"]["current"] == status["level"]["newest"]
    counted = ("option_chain_snapshots", "option_quotes", "candidates", "signals")
    assert [status["rows"][table] for table in counted] == [3, 656, 9, 4]


def test_a_server_out_of_reach_fails_every_command_alike(scanned: Terminal, tmp_path: Path) -> None:
    dead = "postgresql://someone:open-sesame@127.0.0.1:9/store"
    for arguments in (("scan", "--chains", "chains.parquet"), ("db", "upgrade")):
        outcome = scanned.run(*arguments, DATABASE_URL=dead)
        assert (outcome.code, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith("error: the database cannot be reached")
        assert "open-sesame" not in outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1
