"""The fast engine equals the slow reference on every recorded chain."""

from __future__ import annotations

import pytest

from tests.reference.compare import differences
from tests.reference.recorded import iter_snapshots, recorded_dir

FILES = (
    "aapl_lean_2014.csv.gz",
    "aapl_meta_2026.parquet",
    "close_2026-08-19.parquet",
    "etf_2026.parquet",
    "spy_2021.csv.gz",
    "spy_2026.parquet",
)


@pytest.mark.parametrize("name", FILES)
def test_engine_equals_reference(name: str) -> None:
    directory = recorded_dir()
    if directory is None:
        pytest.skip("the recorded chains (../shared/data) are not on this machine")
    snapshots = list(iter_snapshots(directory / "chains" / name))
    assert snapshots
    assert differences(snapshots) == []
