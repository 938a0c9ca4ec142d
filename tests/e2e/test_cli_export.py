"""``export`` as a user meets it: files other programs read, and chain files that give the same results again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.providers.files.write import write_chains
from forward_factor.providers.simulated import SimulatedMarket
from tests.e2e.command import Outcome, Terminal, assert_clean

ASKED = ("--pair", "30/60", "--threshold", "0.0", "--json")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal whose store was scanned from chains of two tickers over six weeks."""
    folder = tmp_path_factory.mktemp("export")
    market = SimulatedMarket(tickers=("KO", "NFLX"), depth="light", dirt=0.0, horizon_days=120)
    sessions = [session_on(day) for day in trading_days_between(date(2026, 1, 5), date(2026, 2, 13))]
    closes = [one.closes_at for one in sessions if one]
    chains = [replace(market.chain(ticker, at), provider="files") for at in closes for ticker in market.tickers]
    write_chains(chains, folder / "recorded.parquet")
    terminal = Terminal(folder, {"DATABASE_URL": "sqlite:///scans.db"})
    assert terminal.run("scan", "--chains", "recorded.parquet").code == 0
    return terminal


def export(shell: Terminal, series: str, out: str, *more: str) -> Outcome:
    done = shell.run("export", series, "--out", out, *more)
    assert_clean(done.stderr)
    assert done.stdout == ""
    return done


def lines_of(shell: Terminal, chains: str) -> list[dict[str, Any]]:
    lines = shell.run("scan", "--chains", chains, "--no-store", "--json").objects
    return sorted(lines, key=lambda one: (one["as_of"], one["ticker"]))


def test_exported_quotes_are_chain_files_with_equal_results(shell: Terminal) -> None:
    recorded = shell.run("backtest", "--chains", "recorded.parquet", *ASKED).stdout
    assert recorded.count("opened_at") >= 2
    assert shell.run("backtest", "--from-store", *ASKED).stdout == recorded
    for name in ("quotes.parquet", "quotes.csv"):
        done = export(shell, "quotes", name)
        assert (done.code, "rows written to" in done.stderr) == (0, True)
        assert shell.run("backtest", "--chains", name, *ASKED).stdout == recorded
    assert lines_of(shell, "quotes.parquet") == lines_of(shell, "recorded.parquet")


def test_every_format_holds_the_same(shell: Terminal) -> None:
    for ending in (".parquet", ".arrow", ".csv"):
        assert export(shell, "candidates", f"candidates{ending}").code == 0
    frame = pl.read_parquet(shell.directory / "candidates.parquet")
    assert frame.equals(pl.read_ipc(shell.directory / "candidates.arrow"))
    assert frame.schema["reasons"] == pl.List(pl.String)
    text = pl.read_csv(shell.directory / "candidates.csv", infer_schema=False)
    assert text["as_of"].str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", time_zone="UTC").equals(frame["as_of"])
    assert text["ff"].cast(pl.Float64).equals(frame["ff"])
    assert text["reasons"].fill_null("").equals(frame["reasons"].list.join(" "))
    assert export(shell, "bars", "bars.arrow").code == 0
    assert pl.read_ipc(shell.directory / "bars.arrow").schema["at"] == pl.Datetime("us", "UTC")


def test_a_part_of_a_series(shell: Terminal) -> None:
    out = shell.directory / "part.parquet"
    asked = ("--ticker", "ko", "--since", "2026-01-12", "--until", "2026-01-20T00:00:00Z", "--pair", "30/60", "--force")
    assert export(shell, "candidates", "part.parquet", *asked).code == 0
    found = pl.read_parquet(out)
    assert found.select("ticker", "pair").unique().rows() == [("KO", "30/60")]
    assert found["as_of"].min() == datetime(2026, 1, 12, 21, tzinfo=UTC)
    assert found["as_of"].max() == datetime(2026, 1, 16, 21, tzinfo=UTC)


def test_a_file_is_not_replaced_unasked_and_never_half_there(shell: Terminal) -> None:
    kept = shell.directory / "kept.csv"
    kept.write_text("mine")
    refused = export(shell, "signals", "kept.csv")
    assert (refused.code, "--force" in refused.stderr, kept.read_text()) == (1, True, "mine")
    failed = export(shell, "quotes", "kept.csv", "--ticker", "NONE", "--provider", "nobody", "--force")
    assert (failed.code, "no chain of NONE is stored" in failed.stderr, kept.read_text()) == (1, True, "mine")
    assert not list(shell.directory.glob(".*part"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("signals", "--out", "x.xlsx"), "must end in"),
        (("bars", "--out", "x.csv", "--pair", "30/60"), "bars have no pair"),
    ],
)
def test_what_cannot_be_exported_is_said(shell: Terminal, arguments: tuple[str, ...], said: str) -> None:
    done = shell.run("export", *arguments)
    assert (done.code, said in done.stderr) == (2, True), done.stderr
    assert not (shell.directory / "x.csv").exists()


def test_a_series_that_fails_leaves_the_file_of_before(shell: Terminal, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("before")
    done = Terminal(tmp_path).run(
        "--database-url", "postgresql://127.0.0.1:9/x", "export", "signals", "--out", "out.csv", "--force"
    )
    assert done.code == 1
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "before"
