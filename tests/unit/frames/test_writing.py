"""Frames to files: what comes is what is written, in groups, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from forward_factor.errors import AlreadyExists, InvalidInput, StoreUnavailable
from forward_factor.frames import writing
from forward_factor.frames.series import frame_of, schema_of
from forward_factor.frames.writing import check_target, write_frames
from forward_factor.services.series import COLUMNS, Kind, Series

_VALUES: dict[Kind, Any] = {
    Kind.TEXT: ["a,b", None],
    Kind.WORDS: [["one", "two"], []],
    Kind.INSTANT: [datetime(2026, 6, 1, 18, 0, 0, 5, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC)],
    Kind.DAY: [date(2026, 6, 1), None],
    Kind.NUMBER: np.array([1 / 3, np.nan]),
    Kind.WHOLE: [2**40, None],
    Kind.TRUTH: [True, None],
}


@pytest.mark.parametrize("series", Series)
def test_every_series_comes_back_from_every_format(series: Series, tmp_path: Path) -> None:
    frame = frame_of(series, {name: _VALUES[kind] for name, kind in COLUMNS[series].items()})
    assert not any(frame.select(pl.col(pl.Float64).is_nan().any()).row(0))
    for ending in (".parquet", ".arrow", ".csv"):
        path = tmp_path / f"x{ending}"
        write_frames(path, schema_of(series), lambda: iter([frame] * 3))
    expected = pl.concat([frame] * 3)
    assert pl.read_parquet(tmp_path / "x.parquet").equals(expected)
    assert pl.read_ipc(tmp_path / "x.arrow").equals(expected)
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == ",".join(frame.columns)
    assert len(lines) == 7
    assert "2026-06-01T18:00:00.000005Z" in lines[1]
    assert "0.3333333333333333" in lines[1]


def test_an_empty_series_has_its_columns(tmp_path: Path) -> None:
    for ending in (".parquet", ".arrow", ".csv"):
        write_frames(tmp_path / f"x{ending}", schema_of(Series.BARS), lambda: iter(()))
    assert pl.read_parquet(tmp_path / "x.parquet").schema == schema_of(Series.BARS)
    assert pl.read_ipc(tmp_path / "x.arrow").schema == schema_of(Series.BARS)
    assert (tmp_path / "x.csv").read_text() == "ticker,timeframe,at,open,high,low,close,volume\n"


def test_frames_are_asked_for_as_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Had all frames to be there first, nothing would be written before the last one is asked for."""
    monkeypatch.setattr(writing, "ROWS_A_GROUP", 1000)
    sizes: list[int] = []

    def frames() -> Iterator[pl.DataFrame]:
        for number in range(200):
            sizes.append(sum(one.stat().st_size for one in tmp_path.iterdir()))
            yield pl.DataFrame({"x": pl.Series(range(number * 5000, number * 5000 + 5000)).cast(pl.Int64).shuffle(1)})

    write_frames(tmp_path / "x.parquet", pl.Schema({"x": pl.Int64()}), frames)
    assert 0 < sizes[150] < (tmp_path / "x.parquet").stat().st_size
    assert pl.read_parquet(tmp_path / "x.parquet")["x"].n_unique() == 1_000_000


def test_a_fault_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_text("before")

    def frames() -> Iterator[pl.DataFrame]:
        yield schema_of(Series.BARS).to_frame()
        raise StoreUnavailable("it went away")

    with pytest.raises(StoreUnavailable, match="it went away"):
        write_frames(path, schema_of(Series.BARS), frames)
    assert [one.name for one in tmp_path.iterdir()] == ["x.parquet"]
    assert path.read_text() == "before"


def test_targets_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    check_target(tmp_path / "new.CSV", force=False)
    check_target(tmp_path / "x.csv", force=True)
    with pytest.raises(AlreadyExists, match="--force"):
        check_target(tmp_path / "x.csv", force=False)
    for name in ("x", "x.xlsx", "no/x.csv", "folder.csv"):
        with pytest.raises(InvalidInput):
            check_target(tmp_path / name, force=True)
