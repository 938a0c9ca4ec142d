"""``events import``, and what a scan makes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forward_factor.core.chain import NEW_YORK
from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Terminal, assert_clean, assert_one_line_each
from tests.fakes.vendor_server import Answer, VendorServer

ANN = "ann@example.com"

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


def test_a_fetch_says_what_it_cannot_have_and_adjusts_what_is_held(tmp_path: Path) -> None:
    today = datetime.now(UTC).astimezone(NEW_YORK).date()
    split_on, announced = today.isoformat(), {"status": "NOT_AUTHORIZED", "message": "you are not entitled"}
    dividend = {"ticker": "DEAR", "ex_dividend_date": split_on, "cash_amount": 0.25}
    split = {"ticker": "DEAR", "execution_date": split_on, "split_from": 1, "split_to": 7}
    with VendorServer() as vendor:
        vendor.script("/benzinga/v1/earnings", Answer(json.dumps(announced).encode(), 403))
        vendor.script("/v3/reference/dividends", Answer(json.dumps({"results": [dividend, {}]}).encode()))
        vendor.script("/v3/reference/splits", Answer(json.dumps({"results": [split]}).encode()))
        terminal = Terminal(
            tmp_path,
            {
                "DATABASE_URL": "sqlite:///store.db",
                "POLYGON_API_KEY": "s3cret",
                "POLYGON_BASE_URL": vendor.url,
            },
        )
        hold(terminal, datetime.now(UTC) - timedelta(days=3))
        fetched = terminal.run("events", "fetch", "DEAR", "--provider", "polygon")
        assert (fetched.code, fetched.stdout) == (
            3,
            "0 announcements, 2 corporate actions from 2 answers, 1 unreadable left out, 1 decision adjusted\n",
        )
        (complaint,) = fetched.complaints
        assert "polygon, DEAR (earnings): HTTP 403; check POLYGON_API_KEY, and that its plan includes" in complaint
        again = terminal.run("events", "fetch", "DEAR", "--provider", "polygon")
        assert again.stdout == "0 announcements from 0 answers, 2 answers of today kept\n"
        only = terminal.run("events", "fetch", "DEAR", "--provider", "polygon", "--kind", "earnings")
        assert (only.code, len(only.complaints)) == (1, 1)
        assert len(vendor.received) == 5
    for outcome in (fetched, again, only):
        assert "s3cret" not in outcome.stdout + outcome.stderr
    (decision,) = terminal.run("decisions", "list", "--user", ANN, "--json").objects
    assert (decision["contracts"], decision["adjustments"][0]["state"]) == (70, "adjusted")
    shown = terminal.run("decisions", "show", decision["id"][:8], "--user", ANN).stdout
    assert f"7 for 1 on {split_on}" in shown
    assert "10 › 70" in shown
    removed = terminal.run("events", "remove", "DEAR", split_on, "--kind", "split")
    assert (removed.code, removed.stdout) == (0, "forgotten, 1 decision taken back\n")
    (decision,) = terminal.run("decisions", "list", "--user", ANN, "--json").objects
    assert (decision["contracts"], decision["entry_price"]) == (10, 4.9)
    for arguments, code in ((("--kind", "split"), 1), (("--kind", "merger"), 2)):
        refused = terminal.run("events", "remove", "DEAR", split_on, *arguments)
        assert (refused.code, len(refused.complaints)) == (code, 1)


def hold(terminal: Terminal, at: datetime) -> None:
    """Place the trade of a signal of an instant."""
    offset = f"{(at - datetime.now(UTC)).total_seconds():.0f}"
    write_chains([priced_chain({30: 0.45, 60: 0.35}, "DEAR", at)], terminal.directory / "chains.csv")
    assert terminal.run("scan", "--chains", "chains.csv").code == 0
    assert terminal.tell(b"correct horse battery\n", "user", "create", ANN, "--password-stdin").code == 0
    signal = terminal.run("signals", "--json").objects[0]["id"]
    placing = ("decisions", "place", signal, "--user", ANN, "--price", "4.9", "--contracts", "10")
    assert terminal.run(*placing, CLOCK_OFFSET_SECONDS=offset).code == 0


def test_simulated_events_need_nothing_and_wrong_questions_are_one_line(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    fetched = terminal.run("events", "fetch", "NFLX", "KO", "--provider", "simulated", "--kind", "earnings")
    assert fetched.code == 0
    assert "from 2 answers" in fetched.stdout
    for arguments, code in (
        ((), 2),
        (("NFLX", "--start", "2026-02-01", "--end", "2026-01-01"), 2),
        (("NFLX", "--provider", "cboe"), 1),
        (("NFLX", "--provider", "nobody"), 2),
        (("NFLX", "--provider", "polygon"), 2),
    ):
        outcome = terminal.run("events", "fetch", *arguments)
        assert (outcome.code, len(outcome.complaints), outcome.stdout) == (code, 1, "")
        assert_one_line_each(outcome)
