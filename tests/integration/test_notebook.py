"""The Python API: the command's own numbers as frames, in a script and inside a loop; the page that tells of it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import forward_factor as ff
import forward_factor.backtest.fills
from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.errors import UnknownTicker, UnreadableChain
from forward_factor.providers.files.write import write_chains
from forward_factor.providers.simulated import SimulatedMarket
from tests.e2e.command import REPOSITORY, Terminal

PAGE = REPOSITORY / "docs" / "python.md"
ASKED = ("--pair", "30/60", "--pair", "30/90", "--threshold", "0.0")


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have no settings but the defaults, as commands in the tests have."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DATABASE_URL", "DB_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chains of two tickers over three months, one of them twice the same."""
    market = SimulatedMarket(tickers=("KO", "NFLX"), depth="light", dirt=0.0, horizon_days=120)
    sessions = [session_on(day) for day in trading_days_between(date(2026, 1, 5), date(2026, 3, 31))]
    closes = [one.closes_at for one in sessions if one]
    chains = [replace(market.chain(ticker, at), provider="files") for at in closes for ticker in market.tickers]
    chains.append(replace(chains[0], as_of=chains[0].as_of + timedelta(hours=1)))
    path = tmp_path_factory.mktemp("recorded") / "chains.parquet"
    write_chains(chains, path)
    return path


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, recorded: Path) -> Terminal:
    """A terminal whose store has them."""
    terminal = Terminal(tmp_path_factory.mktemp("shell"), {"DATABASE_URL": "sqlite:///scans.db"})
    assert terminal.run("scan", "--chains", recorded).code == 0
    return terminal


def test_candidates_and_term_structures_are_those_of_the_command(tmp_path: Path, recorded: Path) -> None:
    points = ("--vol-point", "ATM", "--vol-point", "35d_put")
    told = Terminal(tmp_path).run("scan", "--chains", recorded, "--no-store", "--json", *points)
    chains = ff.load_chains(recorded)
    assert len(chains) == len(told.objects)
    ours = _as_told(ff.candidates(chains, vol_points=["ATM", "35d_put"]))
    theirs = [
        {"ticker": line["ticker"], "as_of": line["as_of"], **one} for line in told.objects for one in line["candidates"]
    ]
    assert any("stale_quotes" in one["reasons"] for one in theirs)
    key = ("as_of", "ticker", "pair", "vol_point")
    shown = [{name: one[name] for name in theirs[0]} for one in ours]
    assert sorted(shown, key=lambda one: [one[name] for name in key]) == sorted(
        theirs, key=lambda one: [one[name] for name in key]
    )
    vols = {(one["ticker"], one["as_of"], one["expiry"]): one for one in _as_told(ff.term_structure(chains))}
    for line in told.objects:
        for expiry in line["expiries"]:
            row = vols[line["ticker"], line["as_of"], expiry["expiry"]]
            assert (row["forward"], row["dte"], row["flags"]) == (expiry["forward"], expiry["dte"], expiry["flags"])
            for point, name in (("ATM", "atm_iv"), ("35d_put", "put_35d_iv"), ("35d_call", "call_35d_iv")):
                sides = expiry["iv"][point]
                assert (row[name], row[f"{name}_bid"], row[f"{name}_ask"]) == (sides["mid"], sides["bid"], sides["ask"])


def _as_told(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON tells them."""
    spelled = frame.with_columns(pl.col("as_of").dt.strftime("%Y-%m-%dT%H:%M:%SZ"), pl.col(pl.Date).cast(pl.String))
    return list(spelled.iter_rows(named=True))


def test_a_backtest_is_that_of_the_command(recorded: Path, shell: Terminal) -> None:
    told = json.loads(shell.run("backtest", "--chains", recorded, *ASKED, "--fill", "touch", "--json").stdout)
    options: dict[str, Any] = {"pair": ["30/60", "30/90"], "threshold": 0.0, "fill": "touch"}
    url = f"sqlite:///{shell.directory / 'scans.db'}"
    sources: list[Any] = [recorded, str(recorded), [recorded], ff.load_chains(recorded), pl.read_parquet(recorded)]
    for source in (*sources, url, ff.open_store(url)):
        result = ff.backtest(source, **options)
        assert json.loads(result.json()) == told
        assert result.failures == result.damaged == ()
    assert len(result.trades) == len(told["trades"]) >= 4
    assert result.trades["profit_touch"].to_list() == [one["profits"]["touch"] for one in told["trades"]]
    assert result.legs["entry_bid"].to_list() == [leg["entry"]["bid"] for one in told["trades"] for leg in one["legs"]]
    assert result.equity["hold"].to_list() == [one["hold"] for one in told["equity"]]
    assert result.equity["day"].dtype == pl.Date
    assert result.trades["opened_at"].dtype == pl.Datetime("us", "UTC")
    assert result.summary["fill"].to_list() == ["mid", "partial", "touch", "hold"]
    assert result.summary["profit"].to_list()[:3] == [one["curve"]["profit"] for one in told["figures"]]


def test_a_report_is_written(recorded: Path, tmp_path: Path) -> None:
    result = ff.backtest(recorded, threshold=0.0, tickers="KO", start="2026-02-01", end=date(2026, 3, 1))
    assert result.result.data.tickers == ("KO",)
    assert result.save("report.html").read_text() == result.html()
    assert json.loads(result.save(tmp_path / "report.json").read_text())["fill"] == "partial"
    with pytest.raises(ff.InvalidInput, match="must end in"):
        result.save("report.pdf")
    with pytest.raises(ff.InvalidInput, match="cannot be written"):
        result.save("no/such/folder.html")


async def test_inside_a_running_loop(recorded: Path, shell: Terminal) -> None:
    assert asyncio.get_running_loop()
    assert len(ff.load_chains(recorded, "KO")) > 50
    store = ff.open_store(f"sqlite:///{shell.directory / 'scans.db'}")
    assert len(store.signals()) > 0
    assert ff.backtest(recorded, threshold=0.0).trades.equals(ff.backtest(store, threshold=0.0).trades)


def test_a_store_as_frames(recorded: Path, shell: Terminal) -> None:
    store = ff.open_store(f"sqlite:///{shell.directory / 'scans.db'}")
    quotes = store.quotes()
    order = ["as_of", "ticker", "expiry", "right", "strike"]
    assert quotes.sort(order).equals(ff.load_chains(recorded).frame().sort(order))
    assert store.signals()["is_discovery"].to_list() == [False] * len(store.signals())
    assert set(store.candidates(pair="30/90")["pair"]) == {"30/90"}
    since = datetime(2026, 3, 2, 21, tzinfo=UTC)
    for given in (since, "2026-03-02T21:00:00Z", "2026-03-02T16:00:00-05:00", "2026-03-02T21:00:00"):
        assert store.snapshots("KO", since=given)["as_of"].min() == since
    assert store.snapshots(until="2026-01-06")["as_of"].max() == datetime(2026, 1, 5, 22, tzinfo=UTC)
    assert store.term_structure(["KO", "NFLX"])["ticker"].n_unique() == 2
    assert store.bars().schema["at"] == pl.Datetime("us", "UTC")
    with pytest.raises(UnknownTicker, match="no chain of NONE"):
        store.quotes("NONE")
    with pytest.raises(ff.InvalidInput, match="none of 1min, 1hour, 1day"):
        store.bars(timeframe="2min")


def test_what_cannot_be_done_is_said(recorded: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    both = [recorded, tmp_path / "bad.csv"]
    with pytest.raises(UnreadableChain, match=r"bad.csv lacks the columns"):
        ff.load_chains(both)
    some = ff.load_chains(both, skip_unreadable=True)
    assert (len(some), len(some.failures)) == (len(ff.load_chains(recorded)), 1)
    assert len(ff.backtest(both, skip_unreadable=True).failures) == 1
    with pytest.raises(ff.NotFound):
        ff.load_chains(recorded, start="2030-01-01")
    wrongs = ({"thresold": 0.1}, {"structure": "butterfly"}, {"pair": "60/30"}, {"start": "soon"}, {"provider": "cboe"})
    for wrong in wrongs:
        with pytest.raises(ff.InvalidInput):
            ff.backtest(recorded, **wrong)
    with pytest.raises(ff.NotFound, match="no store at"):
        ff.open_store("sqlite:///no-such.db")
    assert not Path("no-such.db").exists()
    with pytest.raises(ff.InvalidInput, match="chains are what load_chains gives"):
        ff.candidates([1, 2])  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ff.nothing  # noqa: B018


def test_earnings_are_taken_as_events_or_a_file(recorded: Path) -> None:
    Path("events.csv").write_text("ticker,date,timing\nNFLX,2026-03-20,amc\n")
    event = ff.EarningsEvent("NFLX", date(2026, 3, 20), ff.Timing.AFTER_CLOSE, None, "")
    frames = [ff.candidates(recorded, events=given) for given in ("events.csv", [event])]
    assert frames[0].equals(frames[1])
    assert set(frames[0].drop_nulls("earnings_on")["ticker"]) == {"NFLX"}
    with_them, without = ff.backtest(recorded, threshold=0.0, events=[event]), ff.backtest(recorded, threshold=0.0)
    assert with_them.result.signals < without.result.signals


def test_the_room_of_that_name_does_not_hide_the_function() -> None:
    assert callable(ff.backtest)
    assert set(ff.__all__) <= set(dir(ff))
    assert all(getattr(ff, name) for name in ff.__all__)


def test_importing_loads_nothing() -> None:
    names = "sorted(name for name in sys.modules if name.startswith(('polars', 'sqlalchemy', 'forward_factor')))"
    said = f"import sys, forward_factor; print({names})"
    loaded = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['forward_factor']"


def test_the_page_runs() -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no-such.parquet does not exist" in done.stdout
    promised = re.search(r"print\(chains\)  # (.*)", code)
    assert promised is not None
    assert promised[1] in done.stdout
    assert Path("report.html").read_text().startswith("<!doctype html>")
