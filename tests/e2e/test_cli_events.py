"""``events import``, and what a scan makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Terminal, assert_clean, assert_one_line_each

EVENTS = """\
ticker,date,timing,confirmed,source
EARN,2026-06-24,amc,true,test
QUIET,2026-12-24,bmo,,test
../etc,2026-06-24,amc,true,test
EARN,24.06.2026,amc,true,test
EARN,2026-06-24,noon,true,test
EARN,2026-06-24,amc,\x1b[31mperhaps,test
"""


def test_announcements_reach_the_gates_and_bad_rows_are_named(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "events.csv").write_text(EVENTS)
    imported = terminal.run("events", "import", "events.csv")
    assert imported.code == 3
    assert imported.stdout == "2 announcements stored, 4 rows left out\n"
    assert [line.split(":")[1] for line in imported.complaints] == [f" events.csv line {row}" for row in (4, 5, 6, 7)]
    assert_one_line_each(imported)

    vols = {23: 0.30, 30: 0.45, 60: 0.35}
    write_chains([priced_chain(vols, ticker) for ticker in ("EARN", "QUIET")], tmp_path / "chains.csv")
    scanned = terminal.run("scan", "--chains", "chains.csv", "--json")
    assert scanned.code == 0
    found = {ticker: line["candidates"][0] for ticker, line in scanned.by_ticker().items()}
    assert found["QUIET"]["is_signal"] is True
    assert found["QUIET"]["ff_ex_earnings"] == pytest.approx(found["QUIET"]["ff"], abs=1e-12)
    earnings = found["EARN"]
    assert (earnings["is_signal"], earnings["reasons"]) == (False, ["earnings_in_window"])
    assert earnings["earnings_on"] == "2026-06-24"
    assert earnings["ff"] == found["QUIET"]["ff"]
    assert earnings["ff_ex_earnings"] < earnings["ff"]
    assert earnings["front_iv_ex_earnings"] < earnings["front_iv"]
    assert "2026-06-24" in terminal.run("why", "EARN").stdout


@pytest.mark.parametrize(
    ("name", "content"),
    [("\x1b[31m.csv", None), ("bare.csv", b"a,b\n1,2\n"), ("binary.csv", bytes(range(256)))],
)
def test_a_file_that_is_no_list_of_events_is_one_line(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    outcome = Terminal(tmp_path).run("events", "import", name)
    assert (outcome.code, outcome.stdout) == (2, "")
    assert len(outcome.stderr.splitlines()) == 1
    assert_clean(outcome.stderr)
