"""``bars``: files in, gaps fetched, killed and gone on, and what is shown of them."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from forward_factor.core.bars import as_numpy, day_begins
from forward_factor.core.market_hours import trading_days_between
from tests.e2e.command import COMMAND, Terminal, assert_clean, assert_one_line_each
from tests.fakes.vendor_server import Answer, VendorServer

BARS = """\
ticker,date,open,high,low,close,adj_close,volume
SPLT,2026-06-01,98,102,97,100,,1000
SPLT,2026-06-02,100,104,99,102,,1000
SPLT,2026-06-02,100,104,99,102,,1000
SPLT,2026-06-03,50,52,49,51,,2500
SPLT,2026-06-04,50,40,49,51,,2500
SPLT,2026-06-05,fifty,52,49,51,,2500
SPLT,2026-06-08,50,52,49,51,,-1
\x1b[31m,2026-06-08,50,52,49,51,,1
SPLT,2026-06-09,50,52,49,51,,1
SPLT,2026-06-09,50,52,49,50.5,,1
SPLT,2026-06-10,50,52
"""
EVENTS = "ticker,date,kind,amount,ratio\nSPLT,2026-06-03,split,,2\nSPLT,2026-06-02,dividend,1,\n"


def test_a_file_goes_in_once_bad_rows_are_named_and_adjusted_bars_come_out(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "bars.csv.gz").write_bytes(gzip.compress(BARS.encode()))
    imported = terminal.run("bars", "import", "bars.csv.gz")
    assert imported.code == 3
    assert imported.stdout == (
        "3 bars of 1 ticker (1day): 3 new or changed, 0 stored already, 1 row said again, 7 rows left out\n"
    )
    assert [line.split(":")[1] for line in imported.complaints] == [
        f" bars.csv.gz line {row}" for row in (6, 7, 8, 9, 10, 11, 12)
    ]
    assert_one_line_each(imported)
    again = terminal.run("bars", "import", "bars.csv.gz", "--json")
    assert (again.code, again.objects[0]["changed"], again.objects[0]["bars"]) == (3, 0, 3)

    (tmp_path / "events.csv").write_text(EVENTS)
    assert terminal.run("events", "import", "events.csv").code == 0
    raw = terminal.run("bars", "list", "SPLT", "--json").objects
    found = terminal.run("bars", "list", "SPLT", "--json", "--adjusted").objects
    assert [one["close"] for one in raw] == [100, 102, 51]
    assert [one["close"] for one in found] == pytest.approx([100 * 0.99 / 2, 51, 51])
    assert [one["volume"] for one in found] == [2000, 2000, 2500]
    shown = terminal.run("bars", "list", "SPLT", "--adjusted")
    assert (shown.code, shown.stderr) == (0, "")
    assert "SPLT 1day, adjusted" in shown.stdout
    assert "2026-06-02  " in shown.stdout


def test_minutes_from_parquet_become_hours_and_days(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    opened = as_numpy(day_begins(date(2026, 6, 1))).astype("datetime64[us]").item()
    at = pl.datetime_range(
        opened.replace(hour=13, minute=30), opened.replace(hour=19, minute=59), "1m", time_zone="UTC", eager=True
    )
    ones = pl.Series([10.0] * len(at))
    columns = {"ticker": ["MADE"] * len(at), "timestamp": at, **dict.fromkeys(("open", "high", "low", "close"), ones)}
    pl.DataFrame(columns | {"volume": [7] * len(at)}).write_parquet(tmp_path / "minutes.parquet")
    refused = terminal.run("bars", "import", "minutes.parquet")
    assert (refused.code, "--timeframe" in refused.stderr) == (2, True)
    assert terminal.run("bars", "import", "minutes.parquet", "--timeframe", "1min").code == 0
    (day,) = terminal.run("bars", "list", "MADE", "--json").objects
    assert (day["minutes"], day["volume"], day["at"]) == (390, 390 * 7, "2026-06-01T04:00:00Z")
    hours = terminal.run("bars", "list", "MADE", "--timeframe", "1hour", "--json").objects
    assert [one["minutes"] for one in hours] == [30, 60, 60, 60, 60, 60, 60]


def test_a_file_that_holds_no_bars_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    for name in ("binary.csv", "\x1b[31m.csv"):
        outcome = Terminal(tmp_path).run("bars", "import", name)
        assert (outcome.code, outcome.stdout) == (2, "")
        assert len(outcome.stderr.splitlines()) == 1
        assert_clean(outcome.stderr)


def test_what_fetch_refuses(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    for arguments, why in (
        (("AAPL", "--watched"), "one of both"),
        (("AAPL", "--provider", "cboe"), "no bars of a ticker"),
        (("AAPL", "--start", "2026-06-02", "--end", "2026-06-01", "--provider", "simulated"), "after the last"),
    ):
        outcome = terminal.run("bars", "fetch", *arguments)
        assert outcome.code in {1, 2}
        assert why in outcome.stderr
        assert_clean(outcome.stderr)


def test_what_is_watched_is_fetched_without_a_key(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    assert terminal.tell(b"long enough, so\n", "user", "create", "ann@example.com", "--password-stdin").code == 0
    assert terminal.run("watch", "add", "AAPL", "MSFT", "--user", "ann@example.com").code == 0
    span = ("--watched", "--provider", "simulated", "--start", "2026-06-01", "--end", "2026-06-05")
    assert terminal.run("bars", "fetch", *span).stdout == "10 bars of 2 tickers: 10 new or changed\n"
    assert terminal.run("bars", "fetch", *span).stdout.startswith("Nothing to fetch")
    assert len(terminal.run("bars", "list", "MSFT", "--json").objects) == 5


def _answer(days: Sequence[date]) -> Answer:
    bars = [
        {"t": int(day_begins(day).timestamp() * 1000), "o": 10, "h": 12, "l": 9, "c": 11, "v": 1_000} for day in days
    ]
    return Answer(json.dumps({"status": "OK", "results": bars}).encode())


def test_a_fetch_that_is_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    days = trading_days_between(date(2021, 1, 4), date(2025, 12, 31))
    spans = [days[start : start + 500] for start in range(0, len(days), 500)]
    paths = [f"/v2/aggs/ticker/AAPL/range/1/day/{span[0]}/{span[-1]}" for span in spans]
    with VendorServer() as vendor:
        terminal = Terminal(tmp_path, {"POLYGON_BASE_URL": vendor.url, "POLYGON_API_KEY": "k"})
        span = ("--start", f"{days[0]}", "--end", f"{days[-1]}")
        fetch = ("--database-url", "sqlite:///bars.db", "bars", "fetch", "AAPL", "--provider", "polygon", *span)
        vendor.script(paths[0], _answer(spans[0]))
        vendor.script(paths[1], Answer(manner="hang"))
        vendor.script(paths[2], _answer(spans[2]))
        with subprocess.Popen(
            [*COMMAND, *fetch], cwd=tmp_path, env=terminal.variables({}), stdout=subprocess.DEVNULL
        ) as process:
            _wait_for_rows(tmp_path / "bars.db", 500)
            process.kill()
        asked = len(vendor.received)
        vendor.script(paths[1], _answer(spans[1]))
        done = terminal.run(*fetch)
        assert (done.code, done.complaints) == (0, [])
        assert done.stdout == f"{len(days) - 500} bars of 1 ticker: {len(days) - 500} new or changed\n"
        assert [request.path for request in vendor.received[asked:]] == paths[1:]
        assert terminal.run(*fetch).stdout.startswith("Nothing to fetch")
    assert _rows(tmp_path / "bars.db") == len(days)


def _wait_for_rows(path: Path, rows: int) -> None:
    until = time.monotonic() + 60
    while _rows(path) < rows:
        assert time.monotonic() < until, "the first span never came"
        time.sleep(0.05)


def _rows(path: Path) -> int:
    if not path.exists():
        return 0
    with sqlite3.connect(path, timeout=10) as store:
        try:
            return int(store.execute("SELECT count(*) FROM ohlcv_bars").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0
