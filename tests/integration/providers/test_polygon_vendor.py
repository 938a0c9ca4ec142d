"""Chains from Polygon, against a local server in its place."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain, Rejection
from forward_factor.errors import (
    ForwardFactorError,
    InvalidInput,
    InvalidTicker,
    NoSpotPrice,
    ProviderRefused,
    ProviderUnavailable,
    UnknownTicker,
    UnreadableChain,
)
from forward_factor.providers.http import HttpSource, RequestLimit, RetryPolicy
from forward_factor.providers.polygon import PolygonChains, polygon_settings
from forward_factor.services.ports import ChainFailure, ChainProvider
from tests.fakes.vendor_payloads import ABSENT, polygon_page, polygon_result, previous_close
from tests.fakes.vendor_server import Answer, VendorServer

# In New York it is still the 19th.
NOW = datetime(2026, 8, 20, 2, 46, tzinfo=UTC)
KEY = "s3cret-key-that-nobody-may-see"
ACME = "/v3/snapshot/options/ACME"
CLOSE = "/v2/aggs/ticker/ACME/prev"
NEXT = f"https://api.polygon.io{ACME}?apiKey={KEY}&cursor="


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


async def fetch(vendor: VendorServer, *tickers: str, page_cap: int = 400) -> Sequence[Chain | ChainFailure]:
    settings = replace(
        polygon_settings(KEY, vendor.url, RequestLimit(concurrent=3, per_minute=1e6)),
        read_timeout_s=1.5,
        max_body_bytes=1_000_000,
        retry=RetryPolicy(attempts=2, first_wait_s=0.001, longest_wait_s=0.002, busy_wait_s=0.01),
    )
    async with HttpSource(settings, FixedClock(NOW)) as source:
        provider: ChainProvider = PolygonChains(source, FixedClock(NOW), page_cap=page_cap)
        return [outcome async for outcome in provider.fetch_chains(tickers)]


async def chain_of(vendor: VendorServer, ticker: str = "ACME") -> Chain:
    (outcome,) = await fetch(vendor, ticker)
    assert isinstance(outcome, Chain), outcome
    return outcome


async def error_of(vendor: VendorServer, ticker: str = "ACME", page_cap: int = 400) -> ForwardFactorError:
    (outcome,) = await fetch(vendor, ticker, page_cap=page_cap)
    assert isinstance(outcome, ChainFailure)
    assert outcome.source == ticker
    return outcome.error


def page(*results: object, cursor: str | None = None) -> Answer:
    return Answer(polygon_page(results, None if cursor is None else NEXT + cursor))


def at_strike(strike: float, **changes: object) -> dict[str, object]:
    return polygon_result(**{"details": {"strike_price": strike}} | changes)


def without_spot(strike: float) -> dict[str, object]:
    return at_strike(strike, underlying_asset={"price": ABSENT})


@pytest.mark.asyncio
async def test_all_pages_make_one_chain(vendor: VendorServer) -> None:
    vendor.script(ACME, page(at_strike(95), at_strike(100), cursor="Mg=="))
    vendor.script(ACME, page(at_strike(105), cursor="Mw=="), cursor="Mg==")
    vendor.script(ACME, page(at_strike(110)), cursor="Mw==")
    chain = await chain_of(vendor)
    assert chain.contracts.strike.tolist() == [95, 100, 105, 110]
    assert (chain.ticker, chain.as_of, chain.spot, chain.provider) == ("ACME", NOW, 100.5, "polygon")
    assert chain.rejected == ()


@pytest.mark.asyncio
async def test_requests_say_what_is_wanted_and_carry_the_key_in_a_header_only(vendor: VendorServer) -> None:
    vendor.script(ACME, page(at_strike(95), cursor="Mg=="))
    vendor.script(ACME, page(at_strike(105)), cursor="Mg==")
    await chain_of(vendor)
    first, second = vendor.received
    assert first.query == {
        "limit": "250",
        "expiration_date.gte": "2026-08-19",
        "expiration_date.lte": "2026-12-17",
    }
    assert second.query == {"cursor": "Mg=="}
    assert {request.headers["Authorization"] for request in vendor.received} == {f"Bearer {KEY}"}


@pytest.mark.asyncio
@pytest.mark.parametrize(("ticker", "theirs"), [("^SPX", "I:SPX"), ("BRK-B", "BRK.B"), ("BRK.B", "BRK.B")])
async def test_the_chain_keeps_our_name_of_the_ticker(vendor: VendorServer, ticker: str, theirs: str) -> None:
    vendor.script(f"/v3/snapshot/options/{theirs}", page(at_strike(95)))
    assert (await chain_of(vendor, ticker)).ticker == ticker


@pytest.mark.asyncio
async def test_pages_in_a_circle_end_as_a_failure(vendor: VendorServer) -> None:
    vendor.script(ACME, page(at_strike(95), cursor="Mg=="))
    vendor.script(ACME, page(at_strike(100), cursor="Mw=="), cursor="Mg==")
    vendor.script(ACME, page(at_strike(105), cursor="Mg=="), cursor="Mw==")
    error = await error_of(vendor)
    assert isinstance(error, UnreadableChain)
    assert "circle after 3" in str(error)
    assert len(vendor.received) == 3


@pytest.mark.asyncio
async def test_pages_without_end_end_as_a_failure(vendor: VendorServer) -> None:
    vendor.script(ACME, page(at_strike(95), cursor="0"))
    for number in range(10):
        vendor.script(ACME, page(at_strike(95), cursor=str(number + 1)), cursor=str(number))
    error = await error_of(vendor, page_cap=4)
    assert isinstance(error, UnreadableChain)
    assert "more than 4 pages" in str(error)
    assert len(vendor.received) == 4


@pytest.mark.asyncio
async def test_a_fault_on_a_later_page_is_made_good(vendor: VendorServer) -> None:
    vendor.script(ACME, page(at_strike(95), cursor="Mg=="))
    busy = Answer(status=429, headers=(("Retry-After", "0"),))
    vendor.script(ACME, busy, page(at_strike(105), cursor="Mw=="), cursor="Mg==")
    vendor.script(ACME, Answer(status=500), page(at_strike(110)), cursor="Mw==")
    assert (await chain_of(vendor)).contracts.strike.tolist() == [95, 105, 110]


@pytest.mark.asyncio
async def test_a_later_page_that_never_comes_loses_the_chain_and_not_just_the_page(
    vendor: VendorServer,
) -> None:
    vendor.script(ACME, page(at_strike(95), cursor="Mg=="))
    vendor.script(ACME, Answer(status=500), cursor="Mg==")
    assert isinstance(await error_of(vendor), ProviderUnavailable)


@pytest.mark.asyncio
async def test_truncated_json_is_fetched_once_more(vendor: VendorServer) -> None:
    whole = polygon_page([at_strike(95)] * 3)
    vendor.script(ACME, Answer(whole[:-50]), Answer(whole))
    assert len((await chain_of(vendor)).contracts) == 3


@pytest.mark.asyncio
async def test_json_truncated_twice_is_a_failure(vendor: VendorServer) -> None:
    vendor.script(ACME, Answer(polygon_page([at_strike(95)] * 3)[:-50]))
    assert isinstance(await error_of(vendor), UnreadableChain)
    assert len(vendor.received) == 2


@pytest.mark.asyncio
async def test_what_cannot_be_read_is_counted_over_all_pages(vendor: VendorServer) -> None:
    wrong = at_strike(96, last_quote={"bid": "5"})
    vendor.script(ACME, page(at_strike(95), wrong, at_strike(97, details={"contract_type": "other"}), cursor="Mg=="))
    vendor.script(ACME, page(wrong, at_strike(0), {}, at_strike(100, greeks=ABSENT)), cursor="Mg==")
    chain = await chain_of(vendor)
    assert chain.contracts.strike.tolist() == [95, 100]
    assert chain.rejected == (
        Rejection("unreadable_contract", 3),
        Rejection("unknown_right", 1),
        Rejection("bad_strike", 1),
    )


@pytest.mark.asyncio
async def test_no_results_means_no_options(vendor: VendorServer) -> None:
    vendor.script(ACME, page())
    error = await error_of(vendor)
    assert isinstance(error, UnknownTicker)
    assert "ACME" in str(error)


@pytest.mark.asyncio
async def test_a_chain_of_which_nothing_can_be_used_says_why(vendor: VendorServer) -> None:
    vendor.script(ACME, page(at_strike(0), {}))
    error = await error_of(vendor)
    assert isinstance(error, UnreadableChain)
    assert "unreadable_contract 1, bad_strike 1" in str(error)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Answer(status=401), ProviderRefused, "POLYGON_API_KEY"),
        (Answer(status=403), ProviderRefused, "POLYGON_API_KEY"),
        (Answer(status=404), UnknownTicker, "ticker"),
        (Answer(status=500), ProviderUnavailable, "try again later"),
        (Answer(manner="hang"), ProviderUnavailable, "try again later"),
        (Answer(manner="reset"), ProviderUnavailable, "try again later"),
        (Answer(b" " * 2_000_000), UnreadableChain, "larger"),
        (Answer(b"<html>maintenance</html>"), UnreadableChain, "no page"),
    ],
    ids=["401", "403", "404", "500", "hang", "reset", "huge", "html"],
)
async def test_failures_have_their_kind_and_a_way_out(
    vendor: VendorServer, answer: Answer, kind: type[ForwardFactorError], says: str
) -> None:
    vendor.script(ACME, answer)
    error = await error_of(vendor)
    assert type(error) is kind
    assert says in str(error)


@pytest.mark.asyncio
async def test_without_a_price_spot_is_the_previous_close_and_a_note_says_so(
    vendor: VendorServer, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.script(ACME, page(without_spot(95)))
    vendor.script(CLOSE, Answer(previous_close(99.75)))
    with caplog.at_level(logging.INFO):
        chain = await chain_of(vendor)
    assert chain.spot == 99.75
    assert "ACME: no price of it in the chain; spot is the previous close, 99.75" in caplog.text


@pytest.mark.asyncio
async def test_a_price_on_any_page_will_do(vendor: VendorServer) -> None:
    vendor.script(ACME, page(without_spot(95), cursor="Mg=="))
    vendor.script(ACME, page(at_strike(105)), cursor="Mg==")
    assert (await chain_of(vendor)).spot == 100.5


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer",
    [Answer(status=403), Answer(status=404), Answer(b'{"resultsCount":0}'), Answer(previous_close(0))],
    ids=["403", "404", "none", "zero"],
)
async def test_no_spot_at_all_is_a_failure(vendor: VendorServer, answer: Answer) -> None:
    vendor.script(ACME, page(without_spot(95)))
    vendor.script(CLOSE, answer)
    error = await error_of(vendor)
    assert isinstance(error, NoSpotPrice)
    assert "ACME" in str(error)


@pytest.mark.asyncio
async def test_a_previous_close_that_may_come_later_is_retryable(vendor: VendorServer) -> None:
    vendor.script(ACME, page(without_spot(95)))
    vendor.script(CLOSE, Answer(status=502))
    assert (await error_of(vendor)).retryable


@pytest.mark.asyncio
async def test_tickers_come_in_order_and_one_failure_is_one(vendor: VendorServer) -> None:
    names = [f"T{number}" for number in range(9)]
    for number, name in enumerate(names):
        answer = Answer(status=404) if name == "T4" else page(at_strike(100 + number))
        vendor.script(f"/v3/snapshot/options/{name}", answer)
    outcomes = await fetch(vendor, *names)
    assert [one.ticker if isinstance(one, Chain) else one.source for one in outcomes] == names
    assert [type(one) for one in outcomes].count(ChainFailure) == 1
    assert all(one.contracts.strike[0] == 100 + number for number, one in enumerate(outcomes) if isinstance(one, Chain))


@pytest.mark.asyncio
async def test_what_is_no_ticker_never_reaches_a_url(vendor: VendorServer) -> None:
    assert isinstance(await error_of(vendor, "../../v1/secrets"), InvalidTicker)
    assert vendor.received == []


@pytest.mark.asyncio
async def test_no_tickers_is_one_failure(vendor: VendorServer) -> None:
    (failure,) = await fetch(vendor)
    assert isinstance(failure, ChainFailure)
    assert isinstance(failure.error, InvalidInput)
    assert vendor.received == []


@pytest.mark.asyncio
async def test_expiries_and_rights_come_through(vendor: VendorServer) -> None:
    put = at_strike(95, details={"strike_price": 95, "contract_type": "put", "expiration_date": "2026-10-16"})
    vendor.script(ACME, page(at_strike(95), put))
    contracts = (await chain_of(vendor)).contracts
    assert contracts.expiry.tolist() == [date(2026, 9, 18), date(2026, 10, 16)]
    assert contracts.is_call.tolist() == [True, False]


ECHO = f'{{"error":"unknown key {KEY}"}}'.encode()
LEAKS = {
    "fine": Answer(polygon_page([polygon_result()])),
    "next": Answer(polygon_page([polygon_result()], f"https://elsewhere.test/?apiKey={KEY}")),
    "401": Answer(ECHO, 401),
    "403": Answer(ECHO, 403),
    "404": Answer(ECHO, 404),
    "429": Answer(ECHO, 429, (("Retry-After", "0"),)),
    "500": Answer(ECHO, 500),
    "302": Answer(ECHO, 302, (("Location", f"https://elsewhere.test/?apiKey={KEY}"),)),
    "echo": Answer(ECHO),
    "garbage": Answer(b"{" + ECHO),
    "hang": Answer(manner="hang"),
    "reset": Answer(manner="reset"),
    "cut": Answer(ECHO, manner="cut"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("case", LEAKS)
async def test_the_key_appears_in_no_log_output_error_or_address(
    vendor: VendorServer, case: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor.script(ACME, LEAKS[case])
    (outcome,) = await fetch(vendor, "ACME")
    printed = capfd.readouterr()
    told = [caplog.text, printed.out, printed.err, *(str(request.query) for request in vendor.received)]
    if isinstance(outcome, ChainFailure):
        told += _chain_of_causes(outcome.error)
    assert not [text for text in told if KEY in text]
    assert all(KEY in request.headers["Authorization"] for request in vendor.received)


def _chain_of_causes(error: BaseException | None) -> list[str]:
    told: list[str] = []
    while error is not None:
        told += [str(error), repr(error)]
        error = error.__cause__ or error.__context__
    return told
