"""The HTTP source's rules, without a network."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain, Contracts
from forward_factor.errors import (
    ForwardFactorError,
    InvalidInput,
    InvalidSettings,
    ProviderRefused,
    ProviderUnavailable,
    UnknownTicker,
    UnreadableChain,
)
from forward_factor.providers.http import (
    HttpRequest,
    HttpSettings,
    HttpSource,
    RequestLimit,
    RetryPolicy,
    fetch_in_order,
    retry_after_s,
)
from forward_factor.services.ports import ChainFailure

NOW = datetime(2026, 8, 19, 14, 30, tzinfo=UTC)
KEY = "s3cret-key-that-nobody-may-see"
SETTINGS = HttpSettings(
    provider="vendor",
    base_url="https://vendor.test",
    base_url_setting="VENDOR_BASE_URL",
    refused_hint="check VENDOR_API_KEY",
    api_key=KEY,
    api_key_setting="VENDOR_API_KEY",
    retry=RetryPolicy(attempts=3, first_wait_s=0.001, longest_wait_s=0.002, busy_wait_s=0.001),
    limit=RequestLimit(concurrent=2, per_minute=1e6),
)
REQUEST = HttpRequest("/chain/ACME", subject="ACME", params=(("limit", "250"),))


class Vendor:
    """Answers with the given responses in turn, the last for ever, and keeps what it was asked."""

    def __init__(self, *responses: httpx.Response) -> None:
        self.responses = list(responses)
        self.requests: list[httpx.Request] = []
        self.asked = asyncio.Event()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked.set()
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]


def source_of(vendor: Vendor, settings: HttpSettings = SETTINGS) -> HttpSource:
    return HttpSource(settings, FixedClock(NOW), transport=httpx.MockTransport(vendor))


async def error_of(vendor: Vendor, settings: HttpSettings = SETTINGS) -> ForwardFactorError:
    async with source_of(vendor, settings) as source:
        with pytest.raises(ForwardFactorError) as caught:
            await source.get(REQUEST)
    return caught.value


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("0.25", 0.25),
        ("Wed, 19 Aug 2026 14:30:12 GMT", 12.0),
        ("Wed, 19 Aug 2026 14:29:00 GMT", 0.0),
        ("Wed, 19 Aug 2026 14:30:12 -0000", 12.0),
        ("Wed, 19 Aug 2026 10:30:12 -0400", 12.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("1e9", None),
        ("soon", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "vendor.test",
        "ftp://vendor.test",
        "https://",
        "https://user:pass@vendor.test",
        "https://a.b/?k=v",
        "https://a.b/#c",
        "http://[:",
        "http://a..b",
        "http://a b",
        f"http://{'a' * 64}.test",
        "http://a:99999",
        "http://a:port",
        f"http://{'a' * 70_000}",
    ],
)
def test_a_base_url_that_cannot_be_used_is_refused_without_repeating_it(base_url: str) -> None:
    with pytest.raises(InvalidSettings, match="VENDOR_BASE_URL") as caught:
        HttpSource(replace(SETTINGS, base_url=base_url), FixedClock(NOW))
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(InvalidSettings, match="VENDOR_API_KEY") as caught:
        HttpSource(replace(SETTINGS, api_key=key), FixedClock(NOW))
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1:8001", "http://[::1]:8001/", "https://vendor.test.", " https://é.test/path "],
)
def test_a_base_url_may_be_any_host(base_url: str) -> None:
    HttpSource(replace(SETTINGS, base_url=base_url), FixedClock(NOW))


def test_settings_do_not_show_their_key() -> None:
    assert KEY not in repr(SETTINGS)


@pytest.mark.asyncio
async def test_the_key_travels_in_a_header_and_nowhere_else() -> None:
    vendor = Vendor(httpx.Response(200, content=b"{}"))
    async with source_of(vendor) as source:
        await source.get(REQUEST)
    (request,) = vendor.requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert str(request.url) == "https://vendor.test/chain/ACME?limit=250"


@pytest.mark.asyncio
@pytest.mark.parametrize("key", [None, "", "  "])
async def test_no_key_means_no_header(key: str | None) -> None:
    vendor = Vendor(httpx.Response(200, content=b"{}"))
    async with source_of(vendor, replace(SETTINGS, api_key=key)) as source:
        await source.get(REQUEST)
    assert "Authorization" not in vendor.requests[0].headers


@pytest.mark.asyncio
async def test_a_base_url_may_have_a_path() -> None:
    vendor = Vendor(httpx.Response(200, content=b"{}"))
    async with source_of(vendor, replace(SETTINGS, base_url="https://proxy.test/vendor/")) as source:
        await source.get(REQUEST)
    assert vendor.requests[0].url.path == "/vendor/chain/ACME"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (401, ProviderRefused, "check VENDOR_API_KEY"),
        (403, ProviderRefused, "check VENDOR_API_KEY"),
        (404, UnknownTicker, "check the ticker"),
        (400, ProviderRefused, "check VENDOR_BASE_URL"),
        (304, ProviderRefused, "check VENDOR_BASE_URL"),
    ],
)
async def test_a_refusal_is_not_asked_again(status: int, kind: type[ForwardFactorError], hint: str) -> None:
    vendor = Vendor(httpx.Response(status, content=f"bad key {KEY}".encode()))
    error = await error_of(vendor)
    assert type(error) is kind
    assert hint in str(error)
    assert KEY not in str(error)
    assert len(vendor.requests) == 1
    assert not error.retryable


@pytest.mark.asyncio
async def test_a_redirect_is_not_followed() -> None:
    vendor = Vendor(httpx.Response(302, headers={"Location": "https://elsewhere.test/chain"}))
    error = await error_of(vendor)
    assert isinstance(error, ProviderRefused)
    assert [request.url.host for request in vendor.requests] == ["vendor.test"]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_passing_fault_is_tried_again(status: int) -> None:
    vendor = Vendor(httpx.Response(status), httpx.Response(200, content=b"fine"))
    async with source_of(vendor) as source:
        assert await source.get(REQUEST) == b"fine"


@pytest.mark.asyncio
async def test_a_lasting_fault_ends_after_all_attempts() -> None:
    vendor = Vendor(httpx.Response(503))
    error = await error_of(vendor)
    assert isinstance(error, ProviderUnavailable)
    assert error.retryable
    assert "HTTP 503" in str(error)
    assert len(vendor.requests) == 3


@pytest.mark.asyncio
async def test_a_pause_longer_than_the_cap_is_not_waited_for() -> None:
    vendor = Vendor(httpx.Response(429, headers={"Retry-After": "3600"}))
    error = await error_of(vendor)
    assert isinstance(error, ProviderUnavailable)
    assert "3600 s" in str(error)
    assert len(vendor.requests) == 1


@pytest.mark.asyncio
async def test_retry_after_may_be_a_date() -> None:
    soon = httpx.Response(503, headers={"Retry-After": "Wed, 19 Aug 2026 14:30:00 GMT"})
    vendor = Vendor(soon, httpx.Response(200, content=b"fine"))
    async with source_of(vendor) as source:
        assert await source.get(REQUEST) == b"fine"


@pytest.mark.asyncio
async def test_a_pause_holds_back_all_requests() -> None:
    vendor = Vendor(httpx.Response(429, headers={"Retry-After": "0.2"}), httpx.Response(200, content=b"fine"))
    async with source_of(vendor) as source:
        first = asyncio.create_task(source.get(REQUEST))
        await vendor.asked.wait()
        start = asyncio.get_running_loop().time()
        await source.get(REQUEST)
        waited = asyncio.get_running_loop().time() - start
        await first
    assert waited >= 0.15


@pytest.mark.asyncio
async def test_requests_are_spaced() -> None:
    vendor = Vendor(httpx.Response(200, content=b"fine"))
    limit = RequestLimit(concurrent=10, per_minute=60 / 0.02)
    start = asyncio.get_running_loop().time()
    async with source_of(vendor, replace(SETTINGS, limit=limit)) as source:
        await asyncio.gather(*(source.get(REQUEST) for _ in range(6)))
    assert asyncio.get_running_loop().time() - start >= 5 * 0.02 * 0.9


@pytest.mark.asyncio
async def test_no_more_requests_than_allowed_are_under_way() -> None:
    under_way, most = 0, 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1
        return httpx.Response(200, content=b"fine")

    async with HttpSource(SETTINGS, FixedClock(NOW), transport=httpx.MockTransport(answer)) as source:
        await asyncio.gather(*(source.get(REQUEST) for _ in range(8)))
    assert most == source.concurrent == 2


def chain_of(ticker: str) -> Chain:
    return Chain(ticker, NOW, 100.0, "vendor", Contracts.empty())


async def told(outcomes: AsyncIterator[Chain | ChainFailure]) -> list[str]:
    return [one.ticker if isinstance(one, Chain) else f"{one.source}!" async for one in outcomes]


@pytest.mark.asyncio
async def test_chains_come_in_the_given_order_and_a_failure_is_its_own() -> None:
    async def fetch(ticker: str) -> Chain:
        await asyncio.sleep({"A": 0.02, "B": 0.0, "C": 0.01}[ticker])
        if ticker == "B":
            raise UnknownTicker("no B")
        return chain_of(ticker)

    assert await told(fetch_in_order("vendor", ["A", "B", "C"], fetch, at_once=3)) == ["A", "B!", "C"]


@pytest.mark.asyncio
@pytest.mark.parametrize("at_once", [1, 2, 5])
async def test_only_so_many_tickers_are_under_way(at_once: int) -> None:
    under_way, most = 0, 0

    async def fetch(ticker: str) -> Chain:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return chain_of(ticker)

    tickers = [f"T{number}" for number in range(12)]
    assert await told(fetch_in_order("vendor", tickers, fetch, at_once=at_once)) == tickers
    assert most == at_once


@pytest.mark.asyncio
async def test_what_is_under_way_ends_when_nobody_listens_any_more() -> None:
    ended: list[str] = []

    async def fetch(ticker: str) -> Chain:
        try:
            await asyncio.sleep(0 if ticker == "A" else 60)
        except asyncio.CancelledError:
            ended.append(ticker)
            raise
        return chain_of(ticker)

    async for _ in (outcomes := fetch_in_order("vendor", ["A", "B", "C"], fetch, at_once=3)):
        break
    await outcomes.aclose()
    assert ended == ["B", "C"]


@pytest.mark.asyncio
async def test_no_tickers_is_a_failure_that_says_so() -> None:
    async def fetch(ticker: str) -> Chain:
        raise AssertionError(ticker)

    (failure,) = [one async for one in fetch_in_order("vendor", [], fetch, at_once=1)]
    assert isinstance(failure, ChainFailure)
    assert isinstance(failure.error, InvalidInput)
    assert "needs tickers" in str(failure.error)


@pytest.mark.asyncio
async def test_an_unreadable_answer_is_asked_for_once_more(caplog: pytest.LogCaptureFixture) -> None:
    vendor = Vendor(httpx.Response(200, content=b"?"), httpx.Response(200, content=b"42"))
    with caplog.at_level(logging.WARNING):
        async with source_of(vendor) as source:
            assert await source.fetch(REQUEST, _number) == 42
    assert "asking once more" in caplog.text


def _number(body: bytes) -> int:
    if not body.isdigit():
        raise UnreadableChain("not a number")
    return int(body)
