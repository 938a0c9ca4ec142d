"""The simulated market's prices and bars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.universe import is_share, rank_by_dollar_volume
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.providers.simulated.market_data import TICKERS_A_LOOK, SimulatedMarketData
from forward_factor.services.ports.market_data import Ability, MarketData

OPEN = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
CLOSED = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
MARKET = SimulatedMarket(size=200)


def data_at(instant: datetime) -> tuple[MarketData, FixedClock]:
    clock = FixedClock(instant)
    return SimulatedMarketData(MARKET, clock), clock


@pytest.mark.asyncio
async def test_bars_hold_the_whole_market_after_the_close() -> None:
    data, _ = data_at(CLOSED)
    bars = await data.daily_bars(date(2026, 11, 24))
    assert data.abilities == frozenset(Ability)
    assert (len(bars.tickers), len(bars.price), len(bars.volume)) == (200, 200, 200)
    assert all(map(is_share, bars.tickers))
    ranked = [one.ticker for one in rank_by_dollar_volume([bars])]
    assert set(ranked[:10]) & {"SPY", "QQQ", "AAPL", "NVDA", "META", "MSFT", "TSLA"}
    assert len(ranked) == 200


@pytest.mark.asyncio
async def test_volumes_differ_from_day_to_day() -> None:
    data, _ = data_at(CLOSED)
    first, second = [await data.daily_bars(date(2026, 11, day)) for day in (23, 24)]
    assert (first.volume != second.volume).mean() > 0.9


@pytest.mark.asyncio
@pytest.mark.parametrize(("instant", "day"), [(OPEN, date(2026, 11, 24)), (CLOSED, date(2026, 11, 26))])
async def test_there_are_no_bars_before_the_close_or_on_a_holiday(instant: datetime, day: date) -> None:
    data, _ = data_at(instant)
    assert len((await data.daily_bars(day)).tickers) == 0


@pytest.mark.asyncio
async def test_all_but_a_few_have_options() -> None:
    data, _ = data_at(OPEN)
    optionable = await data.is_optionable([*MARKET.tickers, "no ticker"])
    without = [ticker for ticker, is_optionable in optionable.items() if not is_optionable]
    assert 1 <= len(without) <= 15
    assert all(ticker.startswith("SIM") for ticker in without)


@pytest.mark.asyncio
async def test_prices_are_the_chains_spots() -> None:
    data, _ = data_at(OPEN)
    prices = await data.prices(["AAPL", "no ticker"])
    assert {ticker: price.dollars for ticker, price in prices.items()} == {"AAPL": MARKET.chain("AAPL", OPEN).spot}


@pytest.mark.asyncio
async def test_the_stream_gives_what_changes() -> None:
    data, clock = data_at(OPEN)
    async with data.price_stream() as stream:
        assert (stream.is_live, stream.refusal, stream.take()) == (True, None, {})
        stream.watch(["AAPL", "MSFT", "no ticker"])
        assert set(stream.take()) == {"AAPL", "MSFT"}
        assert stream.take() == {}
        clock.instant = OPEN + timedelta(minutes=1)
        moved = stream.take()
        assert moved["AAPL"].at == clock.instant
        stream.watch(["MSFT"])
        clock.instant = OPEN + timedelta(minutes=2)
        assert set(stream.take()) == {"MSFT"}


@pytest.mark.asyncio
async def test_the_stream_gets_round_to_everybody() -> None:
    data, _ = data_at(OPEN)
    tickers = [f"SIM{number:04d}" for number in range(1, 2 * TICKERS_A_LOOK + 2)]
    async with data.price_stream() as stream:
        stream.watch(tickers)
        looks = [set(stream.take()) for _ in range(3)]
    assert [len(look) for look in looks] == [TICKERS_A_LOOK, TICKERS_A_LOOK, 1]
    assert set.union(*looks) == set(tickers)
