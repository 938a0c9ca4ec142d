"""Bars from a provider: gaps only, each span on its own, and on from where a run stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import numpy as np
import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.bars import Bars, Timeframe, begin_days
from forward_factor.core.market_hours import trading_days_between
from forward_factor.errors import (
    ForwardFactorError,
    InvalidInput,
    NotOffered,
    ProviderUnavailable,
    UnknownTicker,
)
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.providers.simulated.market_data import SimulatedMarketData
from forward_factor.services import fetch_bars as module
from forward_factor.services.fetch_bars import Fetched, Span, Wanted, fetch_bars, last_settled_day, plan_spans
from forward_factor.services.ports.market_data import Ability, MarketData
from forward_factor.storage.store import Store
from tests.fakes.market_data import GivenMarketData
from tests.integration.storage.barring import plain_days, plain_hours, raw_minutes
from tests.integration.storage.scanning import fetch

CLOCK = FixedClock(datetime(2026, 11, 24, 22, 0, tzinfo=UTC))  # 17:00 in New York: the 24th is not over
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 30)
DAYS = trading_days_between(FIRST, date(2026, 11, 23))


@pytest.fixture(autouse=True)
def short_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DAYS", {Timeframe.MINUTE: 4, Timeframe.HOUR: 4, Timeframe.DAY: 5})


def closes(*days: date, price: float = 10.0) -> Bars:
    prices = np.full(len(days), price)
    return Bars(begin_days(np.array(days, "datetime64[D]")), prices, prices, prices, prices, prices)


def wanted(*tickers: str, timeframe: Timeframe = Timeframe.DAY, again: bool = False) -> Wanted:
    return Wanted(tickers, timeframe, FIRST, LAST, again)


async def run(store: Store, data: MarketData, what: Wanted) -> list[Fetched]:
    spans = await plan_spans(store, CLOCK, what)
    return [one async for one in fetch_bars(store, data, what, spans)]


async def stored(store: Store, ticker: str = "A") -> int:
    return int(str((await fetch(store, f"SELECT count(*) FROM ohlcv_bars WHERE ticker = '{ticker}'"))[0][0]))


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 25, 1, 29, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 25, 1, 30, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 4, 30, tzinfo=UTC), date(2026, 11, 24)),
    ],
)
def test_a_day_is_over_after_trading_after_hours(now: datetime, day: date) -> None:
    assert last_settled_day(now) == day


async def test_gaps_only_and_no_day_that_is_not_over(store: Store) -> None:
    data = GivenMarketData(of_tickers={"A": closes(*DAYS[:3], *DAYS[4:7])})
    assert sum(one.changed for one in await run(store, data, wanted("A"))) == 6
    data.of_tickers["A"] = closes(*DAYS)
    data.asked_for_bars.clear()
    found = await run(store, data, wanted("A", "A"))
    assert [(one[2], one[3]) for one in data.asked_for_bars] == [
        (DAYS[3], DAYS[3]), (DAYS[7], DAYS[11]), (DAYS[12], DAYS[-1])
    ]  # fmt: skip
    assert sum(one.changed for one in found) == len(DAYS) - 6
    assert await run(store, data, wanted("A")) == []
    assert await stored(store) == len(DAYS)


async def test_days_without_bars_are_told_and_stay_gaps(store: Store) -> None:
    data = GivenMarketData(of_tickers={"A": closes(*DAYS[:-2])})
    assert sum(one.empty_days for one in await run(store, data, wanted("A"))) == 2
    assert [span.days for span in await plan_spans(store, CLOCK, wanted("A"))] == [DAYS[-2:]]


async def test_again_replaces_what_differs(store: Store) -> None:
    await run(store, GivenMarketData(of_tickers={"A": closes(*DAYS)}), wanted("A"))
    data = GivenMarketData(of_tickers={"A": Bars.concatenate([closes(*DAYS[:9]), closes(*DAYS[9:], price=11.0)])})
    found = await run(store, data, wanted("A", again=True))
    assert (sum(one.bars for one in found), sum(one.changed for one in found)) == (len(DAYS), len(DAYS) - 9)


async def test_a_ticker_that_fails_costs_itself(store: Store) -> None:
    data = GivenMarketData(of_tickers={"A": closes(*DAYS), "B": UnknownTicker("no such"), "C": closes(*DAYS)})
    found = await run(store, data, wanted("A", "B", "C"))
    assert {one.span.ticker for one in found if one.failure} == {"B"}
    assert [await stored(store, one) for one in "ABC"] == [len(DAYS), 0, len(DAYS)]


async def test_a_provider_out_of_reach_is_soon_left_alone(store: Store) -> None:
    failure: ForwardFactorError = ProviderUnavailable("away")
    data = GivenMarketData(of_tickers={f"T{number}": failure for number in range(20)})
    found = await run(store, data, wanted(*data.of_tickers))
    assert len(found) == 20 * 4
    assert all(one.failure is failure for one in found)
    assert len(data.asked_for_bars) <= module.PATIENCE + module.AT_ONCE


async def test_what_cannot_be_asked(store: Store) -> None:
    with pytest.raises(NotOffered, match="bars of a ticker"):
        await run(store, GivenMarketData(abilities=frozenset({Ability.PRICES})), wanted("A"))
    with pytest.raises(InvalidInput, match="after the last"):
        await plan_spans(store, CLOCK, Wanted(["A"], Timeframe.DAY, LAST, FIRST))
    assert await plan_spans(store, CLOCK, Wanted(["A"], Timeframe.DAY, date(2026, 11, 21), date(2026, 11, 22))) == []


async def test_a_run_that_is_left_goes_on_where_it_stopped(store: Store) -> None:
    data = SimulatedMarketData(SimulatedMarket(), CLOCK)
    what = wanted("AAPL", timeframe=Timeframe.MINUTE)
    spans = await plan_spans(store, CLOCK, what)
    assert [len(span.days) for span in spans] == [4, 4, 4, 4]
    begun: AsyncIterator[Fetched] = fetch_bars(store, data, what, spans)
    first = await anext(begun)
    await begun.aclose()  # type: ignore[attr-defined]
    left = await plan_spans(store, CLOCK, what)
    assert (first.span, left) == (spans[0], spans[1:])
    rest = [one async for one in fetch_bars(store, data, what, left)]
    assert first.changed + sum(one.changed for one in rest) == await stored(store, "AAPL") == 16 * 390
    await assert_rolled_up(store, left)


async def assert_rolled_up(store: Store, left: list[Span]) -> None:
    """The hours and days of the spans of both runs are there, the first run's too, which nobody had refreshed."""
    assert left
    rows = await raw_minutes(store, "AAPL")
    regular = dict.fromkeys(DAYS, datetime(2026, 1, 1, 16).time())
    assert list(await store.records.bars("AAPL", Timeframe.DAY, None, None, 99)) == plain_days(rows, regular)
    assert list(await store.records.bars("AAPL", Timeframe.HOUR, None, None, 999)) == plain_hours(rows)
