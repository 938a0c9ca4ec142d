"""Prices, daily bars and who has options from Polygon, against a local server in its place."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from forward_factor.clock import FixedClock
from forward_factor.errors import ProviderRefused, ProviderUnavailable, UnreadableChain
from forward_factor.providers.http import HttpSource, RequestLimit, RetryPolicy
from forward_factor.providers.polygon import polygon_settings
from forward_factor.providers.polygon.market import PolygonMarketData
from forward_factor.providers.polygon.stream import StreamSettings
from forward_factor.services.ports.market_data import Ability, MarketData
from tests.fakes.vendor_server import Answer, VendorServer

NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)
KEY = "s3cret-key-that-nobody-may-see"
BARS = "/v2/aggs/grouped/locale/us/market/stocks/2026-11-24"
PRICES = "/v2/snapshot/locale/us/markets/stocks/tickers"
CONTRACTS = "/v3/reference/options/contracts"


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
async def data(vendor: VendorServer) -> AsyncIterator[MarketData]:
    settings = replace(
        polygon_settings(KEY, vendor.url, RequestLimit(concurrent=3, per_minute=1e6)),
        read_timeout_s=1.5,
        retry=RetryPolicy(attempts=2, first_wait_s=0.001, longest_wait_s=0.002, busy_wait_s=0.01),
    )
    async with HttpSource(settings, FixedClock(NOW)) as source:
        yield PolygonMarketData(source, FixedClock(NOW), StreamSettings("ws://127.0.0.1:9/stocks", KEY))


def answer(**fields: object) -> Answer:
    return Answer(json.dumps({"status": "OK"} | fields).encode())


def snapshot(ticker: str, dollars: float) -> dict[str, object]:
    return {"ticker": ticker, "lastTrade": {"p": dollars, "t": 1_764_000_000_000_000_000}}


@pytest.mark.asyncio
async def test_it_does_all_the_port_asks_for(data: MarketData) -> None:
    assert (data.name, data.abilities) == ("polygon", frozenset(Ability))


@pytest.mark.asyncio
async def test_the_bars_of_a_day(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(BARS, answer(results=[{"T": "AAPL", "vw": 190.5, "c": 191, "v": 1e6}, {"T": "BAD", "v": "?"}]))
    bars = await data.daily_bars(DAY)
    assert (bars.day, bars.tickers, bars.price.tolist(), bars.volume.tolist()) == (DAY, ["AAPL"], [190.5], [1e6])
    (request,) = vendor.received
    assert request.query == {"adjusted": "true", "include_otc": "false"}
    assert request.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.asyncio
async def test_a_day_the_vendor_does_not_have_has_no_rows(data: MarketData) -> None:
    assert len((await data.daily_bars(DAY)).tickers) == 0


@pytest.mark.asyncio
async def test_a_plan_without_todays_bars_and_a_vendor_that_is_down_are_told_apart(
    vendor: VendorServer, data: MarketData
) -> None:
    vendor.script(BARS, Answer(status=403))
    with pytest.raises(ProviderRefused):
        await data.daily_bars(DAY)
    vendor.script(BARS, Answer(status=500))
    with pytest.raises(ProviderUnavailable):
        await data.daily_bars(DAY)
    vendor.script(BARS, Answer(b"<html>"))
    with pytest.raises(UnreadableChain, match="no list of daily bars"):
        await data.daily_bars(DAY)


@pytest.mark.asyncio
async def test_prices_keep_our_names_and_leave_out_what_is_not_there(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(PRICES, answer(tickers=[snapshot("BRK.B", 500.0), snapshot("OTHER", 1.0)]))
    prices = await data.prices(["BRK-B", "NONE", "^SPX"])
    assert {ticker: price.dollars for ticker, price in prices.items()} == {"BRK-B": 500.0}
    assert [request.query for request in vendor.received] == [{"tickers": "BRK.B,NONE"}]


@pytest.mark.asyncio
async def test_thousands_of_prices_take_few_requests(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(PRICES, answer(tickers=[]))
    await data.prices([f"T{number:04d}" for number in range(5_000)])
    assert len(vendor.received) == 20


@pytest.mark.asyncio
async def test_no_tickers_are_no_request(vendor: VendorServer, data: MarketData) -> None:
    assert await data.prices(["^SPX"]) == {}
    assert await data.is_optionable([]) == {}
    assert vendor.received == []


@pytest.mark.asyncio
async def test_who_has_options(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(CONTRACTS, answer(results=[{"ticker": "O:A260918C00100000"}]))
    assert await data.is_optionable(["BRK-B"]) == {"BRK-B": True}
    assert [request.query for request in vendor.received] == [{"underlying_ticker": "BRK.B", "limit": "1"}]
    vendor.script(CONTRACTS, answer(results=[]))
    assert await data.is_optionable(["GIK"]) == {"GIK": False}
    vendor.script(CONTRACTS, Answer(status=404))
    assert await data.is_optionable(["GIK"]) == {"GIK": False}


@pytest.mark.asyncio
async def test_what_could_be_found_out_is_told(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(CONTRACTS, answer(results=[{}]), Answer(status=400), answer(results=[]))
    found = await data.is_optionable(["A", "B", "C", "D"])
    assert len(found) == 3


@pytest.mark.asyncio
async def test_a_vendor_out_of_reach_is_not_asked_about_every_ticker(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(CONTRACTS, Answer(status=503))
    with pytest.raises(ProviderUnavailable):
        await data.is_optionable([f"T{number}" for number in range(100)])
    assert len(vendor.received) <= 2 * 6
