"""Prices from Cboe, against a local server in its place."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.price_moves import Price
from forward_factor.errors import NotOffered, ProviderUnavailable
from forward_factor.providers.cboe import cboe_settings
from forward_factor.providers.cboe.market import UNKNOWN_FOR, CboeMarketData
from forward_factor.providers.http import HttpSource, RequestLimit, RetryPolicy
from forward_factor.services.ports.market_data import Ability, MarketData
from tests.fakes.vendor_payloads import recorded_payload
from tests.fakes.vendor_server import Answer, VendorServer

NOW = datetime(2026, 8, 7, 19, 0, tzinfo=UTC)


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
async def data(vendor: VendorServer, clock: FixedClock) -> AsyncIterator[MarketData]:
    settings = replace(
        cboe_settings(vendor.url, RequestLimit(concurrent=2, per_minute=1e6)),
        retry=RetryPolicy(attempts=2, first_wait_s=0.001, longest_wait_s=0.002),
    )
    async with HttpSource(settings, clock) as source:
        yield CboeMarketData(source, clock)


def path(symbol: str) -> str:
    return f"/api/global/delayed_quotes/quotes/{symbol}.json"


def quote(price: object, at: object = "2026-08-07T14:43:22") -> Answer:
    return Answer(json.dumps({"data": {"current_price": price, "last_trade_time": at}}).encode())


@pytest.mark.asyncio
async def test_the_recorded_quote_is_read(vendor: VendorServer, data: MarketData) -> None:
    recorded = json.loads(recorded_payload("cboe_real_excerpts/AAPL_2026-08-07_trimmed.json"))
    del recorded["data"]["options"]
    vendor.script(path("AAPL"), Answer(json.dumps(recorded).encode()))
    assert await data.prices(["AAPL"]) == {"AAPL": Price(312.0335, datetime(2026, 8, 7, 18, 43, 22, tzinfo=UTC))}


@pytest.mark.asyncio
async def test_prices_keep_our_names(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(path("BRK.B"), quote(500.0))
    vendor.script(path("_SPX"), quote(6800.0, None))
    prices = await data.prices(["BRK-B", "^SPX"])
    assert prices == {"BRK-B": Price(500.0, datetime(2026, 8, 7, 18, 43, 22, tzinfo=UTC)), "^SPX": Price(6800.0, NOW)}


@pytest.mark.asyncio
@pytest.mark.parametrize("price", [None, 0, -1.0])
async def test_a_quote_without_a_price_is_left_out(vendor: VendorServer, data: MarketData, price: object) -> None:
    vendor.script(path("A"), quote(price))
    assert await data.prices(["A"]) == {}


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [403, 404])
async def test_a_symbol_cboe_does_not_know_is_not_asked_for_again_soon(
    vendor: VendorServer, data: MarketData, clock: FixedClock, status: int
) -> None:
    vendor.script(path("NONE"), Answer(status=status))
    vendor.script(path("A"), quote(5.0))
    for _ in range(3):
        assert set(await data.prices(["NONE", "A"])) == {"A"}
    assert [request.path for request in vendor.received].count(path("NONE")) == 1
    clock.instant += UNKNOWN_FOR + timedelta(seconds=1)
    await data.prices(["NONE"])
    assert [request.path for request in vendor.received].count(path("NONE")) == 2


@pytest.mark.asyncio
async def test_one_broken_quote_costs_itself_only(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(path("A"), Answer(b"<html>"))
    vendor.script(path("B"), quote(7.0))
    assert set(await data.prices(["A", "B"])) == {"B"}


@pytest.mark.asyncio
async def test_a_vendor_out_of_reach_is_said(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(path("A"), Answer(status=503))
    with pytest.raises(ProviderUnavailable):
        await data.prices(["A"])


@pytest.mark.asyncio
async def test_what_cboe_does_not_have_is_said_and_not_made_up(data: MarketData) -> None:
    assert data.abilities == {Ability.PRICES}
    with pytest.raises(NotOffered, match="daily bars"):
        await data.daily_bars(date(2026, 8, 7))
    with pytest.raises(NotOffered, match="have options"):
        await data.is_optionable(["A"])
    with pytest.raises(NotOffered, match="stream"):
        data.price_stream()
