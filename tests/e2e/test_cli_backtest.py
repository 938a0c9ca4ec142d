"""``backtest`` as a user meets it: from files and from the store, as a table, as JSON, as a page."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.providers.files.write import write_chains
from forward_factor.providers.simulated import SimulatedMarket
from tests.e2e.command import Terminal, assert_clean, assert_one_line_each

KEYS = {
    "rules", "fill", "data", "signals", "skipped", "figures", "hold", "exposure", "by_year", "by_regime", "by_ticker",
    "by_exit", "contributors", "trades", "equity", "sweep",
}  # fmt: skip
ASKED = ("--pair", "30/60", "--pair", "30/90", "--threshold", "0.0")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chains of two tickers over four months, a file a month."""
    folder = tmp_path_factory.mktemp("recorded")
    market = SimulatedMarket(tickers=("KO", "NFLX"), depth="light", dirt=0.0, horizon_days=120)
    for month in range(1, 5):
        days = trading_days_between(date(2026, month, 1), date(2026, month, 28))
        closes = [session.closes_at for day in days if (session := session_on(day))]
        chains = [replace(market.chain(ticker, at), provider="files") for at in closes for ticker in market.tickers]
        write_chains(chains, folder / f"2026-{month:02}.parquet")
    return folder


def terminal(directory: Path) -> Terminal:
    return Terminal(directory)


def trades_of(one: dict[str, Any]) -> list[dict[str, Any]]:
    trades: list[dict[str, Any]] = one["trades"]
    return trades


def test_files_and_the_store_give_equal_trades(tmp_path: Path, recorded: Path) -> None:
    shell = terminal(tmp_path)
    from_files = shell.run("backtest", "--chains", recorded, *ASKED, "--fill", "touch", "--json")
    assert (from_files.code, from_files.complaints) == (0, [])
    (found,) = from_files.objects
    assert set(found) == KEYS
    assert found["fill"] == "touch"
    assert found["sweep"] is None
    assert found["data"]["tickers"] == ["KO", "NFLX"]
    assert len(trades_of(found)) >= 5
    for trade in trades_of(found):
        assert trade["profits"]["touch"] <= trade["profits"]["partial"] <= trade["profits"]["mid"]
    assert shell.run("scan", "--chains", recorded).code == 0
    from_store = shell.run("backtest", "--from-store", *ASKED, "--fill", "touch", "--json")
    assert from_store.code == 0
    assert trades_of(from_store.objects[0]) == trades_of(found)
    one = shell.run("backtest", "KO", "--from-store", *ASKED, "--json", "--start", "2026-02-01", "--end", "2026-03-31")
    assert one.objects[0]["data"]["tickers"] == ["KO"]
    assert one.objects[0]["data"]["first_at"] >= "2026-02-02"
    assert one.objects[0]["data"]["last_at"] < "2026-04-01"


def test_a_summary_a_page_and_a_sweep(tmp_path: Path, recorded: Path) -> None:
    shell = terminal(tmp_path)
    page = tmp_path / "report.html"
    done = shell.run(
        "backtest", "--chains", recorded, *ASKED, "--structure", "double", "--report", page, "--risk", "0.05",
        "--sweep", "threshold=0,0.1", "--sweep", "target=none,0.2", "--trials", "40", COLUMNS="100",
    )  # fmt: skip
    assert done.code == 0
    assert_one_line_each(done)
    for word in ("mid", "partial", "touch", "Sharpe", "hit rate", "spread cost", "by year", "Equity", "40 trials"):
        assert word in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 100
    assert_clean(done.stdout)
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert "Parameter sweep" in text
    again = shell.run("backtest", "--chains", recorded, *ASKED, "--structure", "double", "--risk", "0.05", "--json")
    assert text.count("<details") == len(trades_of(again.objects[0]))


def test_files_named_one_after_the_other(tmp_path: Path, recorded: Path) -> None:
    files = sorted(recorded.glob("*.parquet"))[:2]
    done = terminal(tmp_path).run("backtest", "--chains", *files, "--json")
    assert done.code == 0
    assert done.objects[0]["data"]["last_at"] < "2026-03-01"


def test_earnings_from_a_file(tmp_path: Path, recorded: Path) -> None:
    (tmp_path / "earnings.csv").write_text(
        "ticker,date,timing\nNFLX,2026-04-16,amc\nNFLX,2026-01-20,amc\nKO,2026-02-10,bmo\n"
    )
    shell = terminal(tmp_path)
    with_them = shell.run("backtest", "--chains", recorded, *ASKED, "--earnings", "earnings.csv", "--json").objects[0]
    without = shell.run("backtest", "--chains", recorded, *ASKED, "--json").objects[0]
    assert with_them["signals"] < without["signals"]


def test_damage_is_told_and_leaves_the_rest(tmp_path: Path, recorded: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    done = terminal(tmp_path).run("backtest", "--chains", recorded, "bad.csv", "--json")
    assert done.code == 3
    assert [line[:14] for line in done.complaints] == ["error: bad.csv"]
    assert json.loads(done.stdout)["data"]["snapshots"] > 100


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "say where chains come from"),
        (("--from-store", "--events", "x.csv"), 2, "store has events"),
        (("--chains", "x.csv", "--provider", "cboe"), 2, "--provider goes with --from-store"),
        (("--chains", "x.csv", "--win-rate", "0.6"), 2, "go together"),
        (("--chains", "x.csv", "--structure", "put", "--vol-point", "35d_call"), 2, "is gated at"),
        (("--chains", "x.csv", "--trials", "5"), 2, "--trials goes with --sweep"),
        (("--chains", "x.csv", "--start", "2026-02-01", "--end", "2026-01-01"), 2, "is after"),
        (("--chains", "x.csv"), 1, "does not exist"),
        (("--from-store",), 1, "no recorded chain"),
        (("NOPE", "--from-store"), 1, "no chain of NOPE is stored"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = terminal(tmp_path).run("backtest", *arguments)
    assert done.code == code
    assert said in done.stderr
    assert done.stdout == ""
    assert_clean(done.stderr)


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path, recorded: Path) -> None:
    done = terminal(tmp_path).run("backtest", "--chains", recorded, "--report", "no/such/folder.html")
    assert done.code == 2
    assert "cannot be written" in done.stderr
