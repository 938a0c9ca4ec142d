"""The recorded daily bars: all of them in, and Apple's split of 2014 out again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.bars import day_begins
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.providers.files.bars import read_bars
from forward_factor.services.import_bars import import_bars
from forward_factor.services.import_events import import_events
from forward_factor.services.read_bars import WantedBars
from forward_factor.services.read_bars import read_bars as read_stored_bars
from forward_factor.storage.store import open_store
from tests.integration.storage.conftest import POOL
from tests.reference.recorded import recorded_dir

NOW = datetime(2026, 11, 24, tzinfo=UTC)
EX_DATE = date(2014, 6, 9)


@pytest.mark.sqlite
async def test_apples_split_of_2014(tmp_path: Path) -> None:
    recorded = recorded_dir()
    if recorded is None:
        pytest.skip("no recorded bars here")
    reading = read_bars(recorded / "bars" / "daily.csv.gz", None, None, lambda _done, _of: None)
    assert (len(reading.table.bars), reading.repeated, reading.faults) == (16_998, 0, ())
    async with open_store(f"sqlite:///{tmp_path / 'recorded.db'}", POOL) as store:
        assert await import_bars(store, reading.timeframe, reading.table) == 16_998
        assert await import_bars(store, reading.timeframe, reading.table) == 0
        split = CorporateAction("AAPL", ActionKind.SPLIT, EX_DATE, ratio=7.0)
        await import_events(store, FixedClock(NOW), [], [split])
        span = {"ticker": "AAPL", "until": day_begins(date(2014, 8, 1))}
        raw = (await read_stored_bars(store, NOW, WantedBars(**span))).bars  # type: ignore[arg-type]
        found = (await read_stored_bars(store, NOW, WantedBars(**span, is_adjusted=True))).bars  # type: ignore[arg-type]
    before = [place for place, bar in enumerate(raw) if bar.at < day_begins(EX_DATE)]
    after = slice(before[-1] + 1, None)
    assert raw[before[-1] + 1].close / raw[before[-1]].close < 0.16
    assert np.abs(np.diff(np.log([bar.close for bar in found]))).max() < 0.09
    assert [found[place].close for place in before] == pytest.approx([raw[place].close / 7 for place in before])
    assert [found[place].volume for place in before] == [raw[place].volume * 7 for place in before]
    assert list(found[after]) == list(raw[after])
