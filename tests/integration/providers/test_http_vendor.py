"""The HTTP source against a real server that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forward_factor.clock import FixedClock
from forward_factor.errors import ForwardFactorError, ProviderRefused, ProviderUnavailable, UnreadableChain
from forward_factor.providers.http import HttpRequest, HttpSettings, HttpSource, RequestLimit, RetryPolicy
from tests.fakes.vendor_server import Answer, Manner, VendorServer

CLOCK = FixedClock(datetime(2026, 8, 19, 14, 30, tzinfo=UTC))
REQUEST = HttpRequest("/chain/ACME", subject="ACME")
FINE = Answer(b'{"fine": true}')


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


def settings_for(vendor: VendorServer) -> HttpSettings:
    return HttpSettings(
        provider="vendor",
        base_url=vendor.url,
        base_url_setting="VENDOR_BASE_URL",
        refused_hint="check VENDOR_API_KEY",
        api_key="s3cret",
        read_timeout_s=1.5,
        total_timeout_s=2.0,
        max_body_bytes=100_000,
        retry=RetryPolicy(attempts=3, first_wait_s=0.001, longest_wait_s=0.002, busy_wait_s=0.01),
        limit=RequestLimit(concurrent=4, per_minute=1e6),
    )


async def get(settings: HttpSettings) -> bytes:
    async with HttpSource(settings, CLOCK) as source:
        return await source.get(REQUEST)


async def error_of(settings: HttpSettings) -> ForwardFactorError:
    with pytest.raises(ForwardFactorError) as caught:
        await get(settings)
    return caught.value


@pytest.mark.asyncio
@pytest.mark.parametrize("manner", ["hang", "reset", "cut", "drip"])
async def test_one_broken_exchange_is_made_good(vendor: VendorServer, manner: Manner) -> None:
    vendor.script(REQUEST.path, Answer(b"x" * 500, manner=manner), FINE)
    assert await get(settings_for(vendor)) == FINE.body
    assert len(vendor.received) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("manner", ["hang", "reset", "cut", "drip"])
async def test_an_exchange_that_always_breaks_ends(vendor: VendorServer, manner: Manner) -> None:
    vendor.script(REQUEST.path, Answer(b"x" * 500, manner=manner))
    start = asyncio.get_running_loop().time()
    error = await error_of(settings_for(vendor))
    assert isinstance(error, ProviderUnavailable)
    assert "try again later" in str(error)
    assert len(vendor.received) == 3
    assert asyncio.get_running_loop().time() - start < 3 * settings_for(vendor).total_timeout_s + 10


@pytest.mark.asyncio
async def test_a_server_that_is_not_there_is_named_by_its_host() -> None:
    with VendorServer() as gone:
        settings = settings_for(gone)
    error = await error_of(settings)
    assert isinstance(error, ProviderUnavailable)
    assert "127.0.0.1" in str(error)


@pytest.mark.asyncio
async def test_a_429_is_waited_out_as_long_as_it_asks(vendor: VendorServer) -> None:
    vendor.script(REQUEST.path, Answer(status=429, headers=(("Retry-After", "1"),)), FINE)
    assert await get(settings_for(vendor)) == FINE.body
    first, second = vendor.received
    assert 0.99 <= second.at - first.at < 2


@pytest.mark.asyncio
async def test_a_429_without_a_time_gets_the_busy_wait(vendor: VendorServer) -> None:
    vendor.script(REQUEST.path, Answer(status=429), FINE)
    settings = settings_for(vendor)
    settings = replace(settings, retry=replace(settings.retry, busy_wait_s=0.3))
    assert await get(settings) == FINE.body
    first, second = vendor.received
    assert second.at - first.at >= 0.29


@pytest.mark.asyncio
async def test_a_huge_body_is_not_read_to_its_end(vendor: VendorServer) -> None:
    vendor.script(REQUEST.path, Answer(b" " * 20_000_000))
    error = await error_of(settings_for(vendor))
    assert isinstance(error, UnreadableChain)
    assert "100,000 bytes" in str(error)
    assert len(vendor.received) == 1


@pytest.mark.asyncio
async def test_the_size_counts_decompressed(vendor: VendorServer) -> None:
    vendor.script(REQUEST.path, Answer(b" " * 20_000_000).gzipped())
    patient = replace(settings_for(vendor), read_timeout_s=30.0, total_timeout_s=60.0)
    assert isinstance(await error_of(patient), UnreadableChain)


@pytest.mark.asyncio
async def test_compressed_answers_are_read(vendor: VendorServer) -> None:
    vendor.script(REQUEST.path, FINE.gzipped())
    assert await get(settings_for(vendor)) == FINE.body


@pytest.mark.asyncio
async def test_a_body_that_is_not_what_its_encoding_says_is_a_passing_fault(vendor: VendorServer) -> None:
    vendor.script(REQUEST.path, Answer(b"no gzip", headers=(("Content-Encoding", "gzip"),)), FINE)
    assert await get(settings_for(vendor)) == FINE.body


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_gets_neither_request_nor_key(vendor: VendorServer, status: int) -> None:
    with VendorServer() as foreign:
        foreign.script(REQUEST.path, FINE)
        vendor.script(REQUEST.path, Answer(status=status, headers=(("Location", f"{foreign.url}/chain/ACME"),)))
        error = await error_of(settings_for(vendor))
        assert foreign.received == []
    assert isinstance(error, ProviderRefused)
    assert "VENDOR_BASE_URL" in str(error)
    assert len(vendor.received) == 1
