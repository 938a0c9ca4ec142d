"""Chains from Cboe, against a local server in its place."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain, Rejection
from forward_factor.errors import (
    ForwardFactorError,
    InvalidInput,
    NoSpotPrice,
    ProviderRefused,
    ProviderUnavailable,
    UnknownTicker,
    UnreadableChain,
)
from forward_factor.providers.cboe import CboeChains, cboe_settings
from forward_factor.providers.http import HttpSource, RequestLimit, RetryPolicy
from forward_factor.services.ports import ChainFailure, ChainProvider
from tests.fakes.vendor_payloads import cboe_answer, cboe_option
from tests.fakes.vendor_server import Answer, VendorServer

NOW = datetime(2026, 8, 19, 20, 15, tzinfo=UTC)
FOLDER = "/api/global/delayed_quotes/options"
ACME = f"{FOLDER}/ACME.json"


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


async def fetch(vendor: VendorServer, *tickers: str) -> Sequence[Chain | ChainFailure]:
    settings = replace(
        cboe_settings(vendor.url, RequestLimit(concurrent=2, per_minute=1e6)),
        read_timeout_s=1.5,
        max_body_bytes=1_000_000,
        retry=RetryPolicy(attempts=2, first_wait_s=0.001, longest_wait_s=0.002, busy_wait_s=0.01),
    )
    async with HttpSource(settings, FixedClock(NOW)) as source:
        provider: ChainProvider = CboeChains(source, FixedClock(NOW))
        return [outcome async for outcome in provider.fetch_chains(tickers)]


async def chain_of(vendor: VendorServer, ticker: str = "ACME") -> Chain:
    (outcome,) = await fetch(vendor, ticker)
    assert isinstance(outcome, Chain), outcome
    return outcome


async def error_of(vendor: VendorServer, ticker: str = "ACME") -> ForwardFactorError:
    (outcome,) = await fetch(vendor, ticker)
    assert isinstance(outcome, ChainFailure)
    assert outcome.source == ticker
    return outcome.error


@pytest.mark.asyncio
async def test_a_chain_is_one_file_without_a_key(vendor: VendorServer) -> None:
    vendor.script(ACME, Answer(cboe_answer([cboe_option(), cboe_option("ACME260918P00095000")])).gzipped())
    chain = await chain_of(vendor)
    assert chain.contracts.strike.tolist() == [100.0, 95.0]
    assert (chain.ticker, chain.spot, chain.provider) == ("ACME", 100.5, "cboe")
    assert chain.as_of == datetime(2026, 8, 19, 20, 14, 57, tzinfo=UTC)
    (request,) = vendor.received
    assert "Authorization" not in request.headers
    assert request.query == {}


@pytest.mark.asyncio
async def test_an_index_has_a_leading_underscore(vendor: VendorServer) -> None:
    vendor.script(f"{FOLDER}/_SPX.json", Answer(cboe_answer([cboe_option("SPXW260918C05600000")])))
    assert (await chain_of(vendor, "^SPX")).ticker == "^SPX"


@pytest.mark.asyncio
async def test_an_answer_without_a_time_is_dated_as_it_was_asked_for(
    vendor: VendorServer, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.script(ACME, Answer(cboe_answer([cboe_option()], timestamp=None)))
    with caplog.at_level(logging.INFO):
        assert (await chain_of(vendor)).as_of == NOW
    assert "names no time" in caplog.text


@pytest.mark.asyncio
async def test_what_cannot_be_read_is_counted(vendor: VendorServer) -> None:
    options = [cboe_option(), cboe_option(bid="5"), cboe_option("ACME1260918C00100000"), cboe_option("?")]
    vendor.script(ACME, Answer(cboe_answer(options)))
    chain = await chain_of(vendor)
    assert len(chain.contracts) == 1
    assert chain.rejected == (
        Rejection("unreadable_contract", 1),
        Rejection("unreadable_symbol", 1),
        Rejection("non_standard_deliverable", 1),
    )


WHOLE = cboe_answer([cboe_option()] * 4)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "first",
    [
        Answer(status=429, headers=(("Retry-After", "0"),)),
        Answer(status=500),
        Answer(manner="hang"),
        Answer(manner="reset"),
        Answer(WHOLE, manner="cut"),
        Answer(WHOLE[:-30]),
    ],
    ids=["429", "500", "hang", "reset", "cut", "truncated"],
)
async def test_one_fault_is_made_good(vendor: VendorServer, first: Answer) -> None:
    vendor.script(ACME, first, Answer(WHOLE))
    assert len((await chain_of(vendor)).contracts) == 4
    assert len(vendor.received) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Answer(status=403), ProviderRefused, "symbols without options"),
        (Answer(status=404), UnknownTicker, "CBOE_BASE_URL"),
        (Answer(status=503), ProviderUnavailable, "try again later"),
        (Answer(WHOLE[:-30]), UnreadableChain, "no chain"),
        (Answer(b" " * 2_000_000), UnreadableChain, "larger"),
        (Answer(cboe_answer([])), UnknownTicker, "no options"),
        (Answer(cboe_answer([{}, {}])), UnreadableChain, "unreadable_contract 2"),
        (Answer(cboe_answer([cboe_option()], current_price=0, close=None)), NoSpotPrice, "no price"),
    ],
    ids=["403", "404", "503", "truncated", "huge", "empty", "all broken", "no spot"],
)
async def test_failures_have_their_kind_and_a_way_out(
    vendor: VendorServer, answer: Answer, kind: type[ForwardFactorError], says: str
) -> None:
    vendor.script(ACME, answer)
    error = await error_of(vendor)
    assert type(error) is kind
    assert says in str(error)
    assert "ACME" in str(error)


@pytest.mark.asyncio
async def test_tickers_come_in_order_and_one_failure_is_one(vendor: VendorServer) -> None:
    for name in ("B", "C"):
        vendor.script(f"{FOLDER}/{name}.json", Answer(cboe_answer([cboe_option(f"{name}260918C00100000")])))
    outcomes = await fetch(vendor, "C", "A", "B")
    assert [one.ticker if isinstance(one, Chain) else f"{one.source}!" for one in outcomes] == [
        "C",
        "A!",
        "B",
    ]


@pytest.mark.asyncio
async def test_no_tickers_is_one_failure(vendor: VendorServer) -> None:
    (failure,) = await fetch(vendor)
    assert isinstance(failure, ChainFailure)
    assert isinstance(failure.error, InvalidInput)
