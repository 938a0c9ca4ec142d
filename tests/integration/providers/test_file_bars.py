"""Bar files as they come: in parts, packed, cut short, or no bars at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from forward_factor.core.bars import Timeframe
from forward_factor.errors import InvalidInput
from forward_factor.providers.files import bars as module
from forward_factor.providers.files.bars import BarsReading, read_bars

HEADER = "ticker,date,open,high,low,close,volume\n"
GOOD = HEADER + "".join(
    f"T{number % 9},2026-{1 + number // 252:02}-{1 + number // 9 % 28:02},2,3,1,2,{number}\n" for number in range(2_000)
)


def read(path: Path, timeframe: Timeframe | None = None, zone: str | None = None) -> BarsReading:
    return read_bars(path, timeframe, zone, lambda _done, _of: None)


@pytest.mark.parametrize("part", [200, 1_000, 1 << 20])
@pytest.mark.parametrize("is_packed", [False, True])
def test_parts_make_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int, is_packed: bool) -> None:
    monkeypatch.setattr(module, "PART_BYTES", part)
    lines = GOOD.splitlines(keepends=True)
    lines[700] = "\n" + lines[700] + ",,,\n"
    lines[1_500] = "T0,2026-01-01,2,0.5,1,2,7\r\n"
    data = "".join(lines).rstrip().encode()
    path = tmp_path / ("bars.csv.gz" if is_packed else "bars.csv")
    path.write_bytes(gzip.compress(data) if is_packed else data)
    told: list[tuple[int, int]] = []
    found = read_bars(path, None, None, lambda done, of: told.append((done, of)))
    assert (len(found.table.bars), found.repeated) == (1_999, 0)
    assert found.faults == (f"{path.name} line 1503: high is below low",)
    assert sorted(found.table.bars.volume) == [number for number in range(2_000) if number != 1_499]
    order = list(zip(found.table.bars.at.tolist(), found.table.ticker.tolist(), strict=True))
    assert order == sorted(order)
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_columns_in_any_order_quotes_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text('\ufeffVolume, "Ticker" ,LOW,high,close,open,date,note\n1,"AAPL",1,3,2,2,2026-06-01,"a, b"\n')
    with pytest.raises(InvalidInput, match="lacks ticker"):
        read(path)
    path.write_text('\ufeffVolume,"Ticker",LOW , high,close,open,date,note\n1,"AAPL",1,3,2,2,2026-06-01,"a, b"\n')
    found = read(path)
    assert (found.table.tickers, found.table.bars.high.tolist(), found.faults) == (["AAPL"], [3.0], ())


def test_rows_too_short_and_too_long(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(HEADER + "A,2026-06-01,2,3,1,2\nA,2026-06-02,2,3,1,2,5,6\nA,2026-06-03,2,3,1,2,5\n")
    found = read(path)
    assert len(found.table.bars) == 1
    assert found.left_out == {"wrong number of fields": 2}


def test_only_the_first_faults_are_named_and_all_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(HEADER + "A,2026-06-01,2,1,3,2,5\n" * 300)
    found = read(path)
    assert (len(found.faults), found.left_out) == (module.MOST_NAMED, {"high is below low": 300})


def test_parquet_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_ROWS", 300)
    (tmp_path / "bars.csv").write_text(GOOD)
    pl.read_csv(tmp_path / "bars.csv", try_parse_dates=True).write_parquet(tmp_path / "bars.parquet")
    table, other = read(tmp_path / "bars.csv").table, read(tmp_path / "bars.parquet").table
    assert table.tickers == other.tickers
    for name in ("at", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(table.bars, name), getattr(other.bars, name))


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("away.csv", None, "cannot be opened"),
        ("bare.csv", b"a,b\n1,2\n", "lacks ticker"),
        ("empty.csv", b"", "has no rows"),
        ("header.csv", HEADER.encode(), "has no rows"),
        ("latin.csv", HEADER.encode() + b"\xe4", "is not UTF-8"),
        ("nul.csv", HEADER.encode() + b"A\0", "NUL"),
        ("twice.csv", b"ticker,Ticker,date\n", "more than one column"),
        ("quotes.csv", HEADER.encode() + b'A,"2026-06-01,1,1,1,1,1\nB,"2026,1,1,1,1,1\n', "is not readable CSV"),
        ("cut.csv.gz", gzip.compress(GOOD.encode())[:900], "cut short"),
        ("none.csv.gz", b"no gzip", "not a readable gzip"),
        ("cut.parquet", b"PAR1 and no more", "not a readable Parquet"),
        ("bars.txt", GOOD.encode(), "no bar file by its name"),
    ],
)
def test_files_that_hold_no_bars(tmp_path: Path, name: str, content: bytes | None, why: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=why):
        read(tmp_path / name)


def test_a_zone_must_be_one(tmp_path: Path) -> None:
    for zone in ("Mars/Olympus", "../etc/passwd", "/etc/passwd"):
        with pytest.raises(InvalidInput, match="no time zone"):
            read(tmp_path / "bars.csv", zone=zone)
