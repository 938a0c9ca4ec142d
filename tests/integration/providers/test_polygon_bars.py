"""A ticker's bars from Polygon, against a local server in its place that misbehaves."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.bars import Bars, Timeframe
from forward_factor.errors import ProviderRefused, ProviderUnavailable, UnknownTicker, UnreadableChain
from forward_factor.providers.http import HttpSource, RequestLimit, RetryPolicy
from forward_factor.providers.polygon import polygon_settings
from forward_factor.providers.polygon.bars import parse_bars_page
from forward_factor.providers.polygon.market import PolygonMarketData
from forward_factor.providers.polygon.stream import StreamSettings
from forward_factor.services.ports.market_data import MarketData
from tests.fakes.vendor_payloads import recorded_payload
from tests.fakes.vendor_server import Answer, VendorServer

NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 11, 20), date(2026, 11, 24)
KEY = "s3cret-key-that-nobody-may-see"
BASE = "/v2/aggs/ticker/BRK.B/range/1/minute/"
PATH = f"{BASE}2026-11-20/2026-11-24"
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


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


def bar(minute: int, **changes: object) -> dict[str, object]:
    made = int(OPEN.timestamp() * 1000) + minute * 60_000
    return {"t": made, "o": 10.0, "h": 12.0, "l": 9.0, "c": 11.0, "v": 100.4, "vw": 10.5, "n": 3} | changes


def page(*bars: object, next_url: str | None = None) -> Answer:
    body: dict[str, object] = {"status": "OK", "results": list(bars)}
    return Answer(json.dumps(body if next_url is None else body | {"next_url": next_url}).encode())


def minutes(bars: Bars) -> list[int]:
    begin = OPEN.replace(tzinfo=None)
    return [int((one - begin).total_seconds() // 60) for one in bars.at.tolist()]


async def ask(data: MarketData, ticker: str = "BRK-B") -> Bars:
    return await data.bars_of(ticker, Timeframe.MINUTE, FIRST, LAST)


async def test_pages_are_followed_on_our_own_host_and_joined(vendor: VendorServer, data: MarketData) -> None:
    moved = f"{BASE}1763649120000/2026-11-24"
    vendor.script(PATH, page(bar(0), bar(1), next_url=f"https://api.polygon.io{moved}?cursor=two&apiKey=stolen"))
    vendor.script(
        moved, page(bar(1, o=10.5), bar(2), next_url=f"https://elsewhere.example{moved}?cursor=3"), cursor="two"
    )
    vendor.script(moved, page(bar(3)), cursor="3")
    found = await ask(data)
    assert (minutes(found), found.open.tolist(), found.volume.tolist()) == ([0, 1, 2, 3], [10.0] * 4, [100.0] * 4)
    assert vendor.received[0].query == {"adjusted": "false", "sort": "asc", "limit": "50000"}
    assert [request.query for request in vendor.received[1:]] == [{"cursor": "two"}, {"cursor": "3"}]
    assert {request.headers["Authorization"] for request in vendor.received} == {f"Bearer {KEY}"}


async def test_a_page_of_another_path_is_asked_for_at_ours(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(PATH, page(bar(0), next_url="https://api.polygon.io/v3/secrets/../BRK.B?cursor=two"))
    vendor.script(PATH, page(bar(1)), cursor="two")
    assert minutes(await ask(data)) == [0, 1]
    assert {request.path for request in vendor.received} == {PATH}


async def test_pages_in_a_circle_are_no_span(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(PATH, page(bar(0), next_url=f"https://api.polygon.io{PATH}?cursor=two"))
    vendor.script(PATH, page(bar(1), next_url=f"https://api.polygon.io{PATH}?cursor=two"), cursor="two")
    with pytest.raises(UnreadableChain, match="in a circle"):
        await ask(data)
    assert len(vendor.received) == 2


async def test_a_next_page_without_a_cursor_is_no_page(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(PATH, page(bar(0), next_url=f"https://api.polygon.io{PATH}?limit=2"))
    with pytest.raises(UnreadableChain, match="no cursor"):
        await ask(data)


async def test_no_bars_at_all(vendor: VendorServer, data: MarketData) -> None:
    for answer in (page(), Answer(b'{"status":"OK","resultsCount":0,"queryCount":0}')):
        vendor.script(PATH, answer)
        assert len(await ask(data)) == 0


async def test_what_is_no_bar_costs_itself_and_is_told(
    vendor: VendorServer, data: MarketData, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [bar(1, h=8.0), bar(2, c=-1.0), bar(3, v=None), bar(4, o="ten"), "text", bar(5, t=None), bar(6, t=1e300)]
    off_grid, elsewhere = bar(0, t=int(OPEN.timestamp() * 1000) + 1_500), bar(60 * 24 * 30)
    vendor.script(PATH, page(bar(9), *broken, off_grid, elsewhere, bar(0)))
    with caplog.at_level(logging.WARNING):
        assert minutes(await ask(data)) == [0, 9]
    assert "8 entries are no bars" in caplog.text


async def test_a_busy_vendor_is_asked_again_and_one_cut_off_too(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(PATH, Answer(status=429), page(bar(0)))
    assert minutes(await ask(data)) == [0]
    vendor.script(PATH, Answer(b'{"results":[{"t":1'), page(bar(0)))
    assert minutes(await ask(data)) == [0]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(status=429), ProviderUnavailable),
        (Answer(status=500), ProviderUnavailable),
        (Answer(status=403), ProviderRefused),
        (Answer(status=404), UnknownTicker),
        (Answer(b"<html>"), UnreadableChain),
        (Answer(b'{"results":7}'), UnreadableChain),
    ],
)
async def test_failures_have_their_names(
    vendor: VendorServer, data: MarketData, answer: Answer, error: type[Exception]
) -> None:
    vendor.script(PATH, answer)
    with pytest.raises(error) as raised:
        await ask(data)
    assert KEY not in str(raised.value)


async def test_a_failure_on_a_later_page_is_one_of_the_span(vendor: VendorServer, data: MarketData) -> None:
    vendor.script(PATH, page(bar(0), next_url=f"https://api.polygon.io{PATH}?cursor=two"))
    vendor.script(PATH, Answer(status=500), cursor="two")
    with pytest.raises(ProviderUnavailable):
        await ask(data)


async def test_an_index_has_no_volume(vendor: VendorServer, data: MarketData) -> None:
    vendor.script("/v2/aggs/ticker/I:SPX/range/1/minute/2026-11-20/2026-11-24", page(bar(0, v=None)))
    found = await ask(data, "^SPX")
    assert found.volume.tolist() == [0.0]


def test_a_recorded_answer() -> None:
    name = "massive_mocks/v2/aggs/ticker/AAPL/range/1/day/2005-04-01/2005-04-04.json"
    found = parse_bars_page(recorded_payload(name))
    assert (found.unreadable, found.next_url) == (0, None)
    assert found.bars.close.tolist() == [1.4604, 1.4675]
    assert found.bars.at.tolist() == [datetime(2005, 4, 1, 5), datetime(2005, 4, 4, 4)]
