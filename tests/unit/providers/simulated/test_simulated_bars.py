"""Simulated bars: sound, the same every time, and all timeframes of one and the same path."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.bars import Timeframe, find_faults
from forward_factor.core.market_hours import session_on
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.providers.simulated.market_data import SimulatedMarketData

FULL, EARLY, CLOSED = date(2026, 11, 24), date(2026, 11, 27), date(2026, 11, 26)
MARKET = SimulatedMarket()


@pytest.mark.parametrize("timeframe", list(Timeframe))
@pytest.mark.parametrize(("day", "minutes", "hours"), [(FULL, 390, 7), (EARLY, 210, 4), (CLOSED, 0, 0)])
def test_they_are_sound(day: date, minutes: int, hours: int, timeframe: Timeframe) -> None:
    bars = MARKET.bars("AAPL", timeframe, day)
    expected = {Timeframe.MINUTE: minutes, Timeframe.HOUR: hours, Timeframe.DAY: int(minutes > 0)}
    assert len(bars) == expected[timeframe]
    assert not find_faults(bars, timeframe).any()
    assert (np.diff(bars.at.astype(np.int64)) > 0).all()


def test_a_day_is_made_of_its_minutes_and_ends_at_the_markets_own_price() -> None:
    session = session_on(FULL)
    assert session is not None
    minutes, (hours, day) = (
        MARKET.bars("MU", Timeframe.MINUTE, FULL),
        (MARKET.bars("MU", one, FULL) for one in (Timeframe.HOUR, Timeframe.DAY)),
    )
    for bars in (hours, day):
        assert (bars.open[0], bars.close[-1]) == (minutes.open[0], minutes.close[-1])
        assert (bars.high.max(), bars.low.min()) == (minutes.high.max(), minutes.low.min())
        assert bars.volume.sum() == minutes.volume.sum() == MARKET.volume("MU", FULL)
    assert day.close[0] == pytest.approx(MARKET.spot("MU", session.closes_at), abs=0.011)
    assert day.open[0] == pytest.approx(MARKET.spot("MU", session.opens_at), abs=0.011)


async def test_a_session_that_is_on_has_no_bars_yet() -> None:
    data = SimulatedMarketData(MARKET, FixedClock(datetime(2026, 11, 24, 20, 59, tzinfo=UTC)))
    found = await data.bars_of("AAPL", Timeframe.DAY, date(2026, 11, 20), date(2026, 12, 1))
    assert [str(one)[:10] for one in found.at] == ["2026-11-20", "2026-11-23"]
